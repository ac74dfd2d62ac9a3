"""Forms: a JSON Schema drawn as Slack's inputs, and the inputs' state read back as JSON values.

A form knows nothing of runs and prompts. It does not validate either: rules that Slack's inputs do not enforce are
left to the model.
"""

from signoff.bot.forms.errors import FormError, TooLarge, UnsupportedField
from signoff.bot.forms.field import Field
from signoff.bot.forms.form import Form
from signoff.bot.forms.paths import Path
from signoff.bot.forms.reading import ACTION, Reading
from signoff.bot.forms.unset import UNSET
from signoff.bot.forms.verdict import VerdictButtons, VerdictChoice, verdict_buttons

__all__ = [
    "ACTION",
    "UNSET",
    "Field",
    "Form",
    "FormError",
    "Path",
    "Reading",
    "TooLarge",
    "UnsupportedField",
    "VerdictButtons",
    "VerdictChoice",
    "verdict_buttons",
]
