"""Models of every kind that a person can be asked for, by name: what a flow gives as `wait_for_input`."""

from tests.golden.zoo.choices import CHOICES
from tests.golden.zoo.collections import COLLECTIONS
from tests.golden.zoo.files import FILES
from tests.golden.zoo.moments import MOMENTS
from tests.golden.zoo.nests import NESTS
from tests.golden.zoo.numbers import NUMBERS
from tests.golden.zoo.oddities import ODDITIES
from tests.golden.zoo.pen import Pen
from tests.golden.zoo.texts import TEXTS

ZOO: Pen = {**TEXTS, **NUMBERS, **CHOICES, **MOMENTS, **COLLECTIONS, **FILES, **NESTS, **ODDITIES}
