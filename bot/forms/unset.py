"""`UNSET` means that there is no value. `None` is a value."""

from enum import Enum
from typing import Final


class _Unset(Enum):
    UNSET = "unset"


UNSET: Final = _Unset.UNSET
