"""Sentences with parts that others wrote, such as validators and drivers, which may end in a full stop or not."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Imports pydantic, which most commands do not need.
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_ENDS = (".", "!", "?", "…", ":", "。", "？", "！", "؟")


def sentence(text: str) -> str:
    """`text`, with a full stop if it ends without punctuation."""
    return text if text.endswith(_ENDS) else f"{text}."


def fault_of(error: "ErrorDetails") -> str:
    """What pydantic found wrong with a value. What a validator has raised stands by itself, without `Value error, `."""
    cause = error.get("ctx", {}).get("error")
    return str(cause) if isinstance(cause, Exception) and str(cause) else error["msg"]


def faults_of(error: "ValidationError") -> str:
    """All that pydantic found wrong, each with its place: `size: Field required; color: Choose another`."""
    return "; ".join(
        ": ".join(filter(None, [".".join(map(str, each["loc"])), fault_of(each)])).rstrip(".")
        for each in error.errors(include_url=False, include_input=False)
    )
