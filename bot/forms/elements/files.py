"""Files that a person uploads. What Slack reports names them; their content has to be fetched."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from signoff.bot.blockkit.blocks import Block
from signoff.bot.blockkit.markup import plain
from signoff.bot.forms.elements.element import Element, InvalidInput
from signoff.bot.forms.unset import UNSET
from signoff.flows.schema.files import FILE_FORMAT, MAX_BYTES, extension_of, format_size
from signoff.flows.schema.parts import Schema

Written = Literal["uploaded-file", "base64", "base64url", "base64-twice", "binary"]
"""How the value holds the content: beside its name, in base64 (of either alphabet), or as text in UTF-8.

`Base64Bytes` of pydantic's are encoded twice in a model whose bytes are base64 anyway.
"""

_MOST_FILES = 10
_CLAIM = "slack_file"
_WRITTEN: Mapping[Any, Written] = {
    FILE_FORMAT: "uploaded-file",
    "base64": "base64",
    "base64url": "base64url",
    "binary": "binary",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A file that Slack says was uploaded.

    Attributes:
        id: What Slack calls it.
        name: What the person calls it.
    """

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a file."""

    name: str
    mimetype: str
    data: bytes


@dataclass(frozen=True, slots=True)
class FileInput(Element):
    """One file, or several.

    Until its content is there the value is a claim: `{"slack_file": "F…", "name": …, "size": …}`.

    Attributes:
        written: What the value becomes.
        many: Whether it is a list.
        most: How many files can be uploaded at most.
        largest: How many bytes a file may have.
        types: The endings that its name may have; none for any.
    """

    written: Written
    many: bool
    most: int
    largest: int
    types: tuple[str, ...]

    prefillable: ClassVar[bool] = False

    @property
    def format_hint(self) -> str:
        """Which files can be taken."""
        types = f"{' or '.join(self.types)}, " if self.types else ""
        return f"{types}at most {format_size(self.largest)}{' each' if self.many else ''}"

    def draw(self, value: Any) -> Block | None:
        """The input; Slack cannot fill it in."""
        types = {"filetypes": list(self.types)} if self.types else {}
        return {"type": "file_input", "max_files": self.most, **types}

    def read(self, state: Mapping[str, Any]) -> Any:
        """The claims."""
        files = state.get("files")
        if not isinstance(files, list) or not files:
            return UNSET
        if len(files) > self.most:
            raise InvalidInput("Upload one file only." if self.most == 1 else f"Upload at most {self.most} files.")
        claims = [self._claim(file) for file in files]
        return claims if self.many else claims[0]

    def _claim(self, file: Any) -> dict[str, Any]:
        if not isinstance(file, Mapping) or not isinstance(file.get("id"), str):
            raise InvalidInput("Upload the file again.")
        name, size = str(file.get("name") or "file"), file.get("size")
        self.check(name, size if isinstance(size, int) else 0)
        return {_CLAIM: file["id"], "name": name, "size": size}

    def check(self, name: str, size: int) -> None:
        """Raises `InvalidInput` where a file is of a type, or of a size, that is not taken."""
        if self.types and extension_of(name) not in self.types:
            raise InvalidInput(f"“{plain(name, 80)}” is of another type: upload a file ending in {self._types()}.")
        if size > self.largest:
            raise InvalidInput(
                f"“{plain(name, 80)}” has {format_size(size)}; at most {format_size(self.largest)} can be taken."
            )

    def _types(self) -> str:
        return " or ".join(f".{each}" for each in self.types)

    def claims(self, value: Any) -> list[Claim]:
        """The files of `value` whose content is not there yet."""
        return [
            Claim(each[_CLAIM], str(each.get("name")))
            for each in (value if self.many and isinstance(value, list) else [value])
            if isinstance(each, Mapping) and isinstance(each.get(_CLAIM), str)
        ]

    def filled(self, contents: Sequence[Content]) -> Any:
        """The value with these contents.

        Raises:
            InvalidInput: A file is not what the field takes.
        """
        for content in contents:
            self.check(content.name, len(content.data))
        values = [self._value(content) for content in contents]
        return values if self.many else values[0]

    def _value(self, content: Content) -> Any:
        match self.written:
            case "uploaded-file":
                data = base64.urlsafe_b64encode(content.data).decode()
                return {"name": content.name, "mimetype": content.mimetype, "content": data}
            case "base64":
                return base64.b64encode(content.data).decode()
            case "base64-twice":
                return base64.b64encode(base64.b64encode(content.data)).decode()
            case "base64url":
                return base64.urlsafe_b64encode(content.data).decode()
            case "binary":
                try:
                    return content.data.decode()
                except UnicodeDecodeError:
                    raise InvalidInput(f"“{plain(content.name, 80)}” is no text in UTF-8.") from None

    def show(self, value: Any) -> str:
        """The names and sizes."""
        if value is UNSET or value is None:
            return ""
        return ", ".join(_shown(each, self.written) for each in (value if isinstance(value, list) else [value]))


def file_input_for(schema: Schema, item: Schema | None) -> FileInput | None:
    """The input for a schema of a file, or of a list whose items are `item`."""
    file = schema if item is None else item
    written = _WRITTEN.get(file.get("format")) if file.get("type") in ("string", "object") else None
    if written is None:
        return None
    if written == "base64" and file.get("contentEncoding") == "base64":
        written = "base64-twice"
    most = 1 if item is None else min(schema.get("maxItems") or _MOST_FILES, _MOST_FILES)
    largest = min(file.get("maxBytes") or MAX_BYTES, MAX_BYTES)
    return FileInput(written, item is not None, most, largest, tuple(file.get("filetypes") or ()))


def _shown(value: Any, written: Written) -> str:
    if isinstance(value, Mapping):
        content = value.get("content")
        size = _size(content, "base64url") if isinstance(content, str) else value.get("size")
        return f"{value.get('name')} ({format_size(size)})" if isinstance(size, int) else str(value.get("name"))
    return f"a file ({format_size(_size(value, written))})" if isinstance(value, str) else str(value)


def _size(text: str, written: Written) -> int:
    """How many bytes a written content has, nearly: blanks and padding are not looked at closely."""
    match written:
        case "binary":
            return len(text.encode())
        case "base64-twice":
            return _size(text, "base64") * 3 // 4
        case _:
            return len(text.rstrip("=")) * 3 // 4
