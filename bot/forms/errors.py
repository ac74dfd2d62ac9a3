"""What can be wrong with a form itself."""


class FormError(Exception):
    """A form cannot be shown in Slack; the message says why and what to do instead."""


class UnsupportedField(FormError):
    """A field is of a type that must not be asked for in Slack."""


class TooLarge(FormError):
    """A form exceeds what Slack's modals hold."""
