"""Forms: a JSON Schema as Slack's inputs, and what Slack reports of them as JSON values.

A form knows nothing of runs and prompts, and does not validate: bounds and rules that Slack does not enforce
are the model's.
"""

from bot.forms.element import UNSET
from bot.forms.errors import FormError, TooLarge, Undrawable
from bot.forms.field import Field
from bot.forms.form import Form
from bot.forms.places import Path
from bot.forms.reading import ACTION, Reading
from bot.forms.verdict import Verdict, VerdictChoice, verdict_of

__all__ = [
    "ACTION",
    "UNSET",
    "Field",
    "Form",
    "FormError",
    "Path",
    "Reading",
    "TooLarge",
    "Undrawable",
    "Verdict",
    "VerdictChoice",
    "verdict_of",
]
