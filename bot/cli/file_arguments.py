"""Files that are given on the command line, as the values that an upload in Slack becomes."""

import mimetypes
from pathlib import Path
from typing import Any

from signoff.bot.cli.failures import CommandFailed
from signoff.bot.forms.element_factory import element_for
from signoff.bot.forms.elements.element import InvalidInput
from signoff.bot.forms.elements.files import Content, FileInput
from signoff.flows.schema.parts import Schema, unwrap


def uploaded(text: str, field: Schema, root: Schema) -> Any:
    """What `@path` stands for where the field asks for a file; `None` where it does not, or where no `@` is given.

    Raises:
        CommandFailed: If the file cannot be read, or is not one that the field takes.
    """
    element = element_for(unwrap(field, root), root) if text.startswith("@") else None
    if not isinstance(element, FileInput):
        return None
    path = Path(text.removeprefix("@"))
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CommandFailed(f"{path} cannot be read: {error.strerror}.") from None
    content = Content(path.name, mimetypes.guess_type(path.name)[0] or "application/octet-stream", data)
    try:
        return element.filled([content])
    except InvalidInput as error:
        raise CommandFailed(str(error)) from None
