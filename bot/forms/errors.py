"""Errors in a form itself, rather than in what people fill in."""


class FormError(Exception):
    """The form cannot be shown in Slack. The message says why, and what to do instead."""


class UnsupportedField(FormError):
    """A field has a type that must not be asked for in Slack."""


class TooLarge(FormError):
    """The form exceeds the limits of Slack's modals."""
