"""Input for files. Slack reports only their ids; the content is fetched separately."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from signoff.bot.blockkit.blocks import Block
from signoff.bot.blockkit.markup import plain
from signoff.bot.forms.elements.element import Element, UnreadableInput
from signoff.bot.forms.unset import UNSET
from signoff.flows.schema.files import FILE_FORMAT, MAX_BYTES, extension_of, format_size
from signoff.flows.schema.parts import Schema

Encoding = Literal["uploaded-file", "base64", "base64url", "base64-twice", "binary"]
"""How the value holds the content: with its name, in base64 (of either alphabet), or as text in UTF-8.

pydantic's `Base64Bytes` are encoded twice in a model whose bytes are base64 already.
"""

_MAX_FILES = 10
_CLAIM = "slack_file"
_ENCODINGS: Mapping[Any, Encoding] = {
    FILE_FORMAT: "uploaded-file",
    "base64": "base64",
    "base64url": "base64url",
    "binary": "binary",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A file that was uploaded, as Slack reports it.

    Attributes:
        id: The file's id in Slack.
        name: The file's name.
    """

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a file."""

    name: str
    mimetype: str
    data: bytes


@dataclass(frozen=True, slots=True)
class FileInput(Element):
    """One file, or several.

    Until its content was fetched, the value is a claim: `{"slack_file": "F…", "name": …, "size": …}`.

    Attributes:
        encoding: How the value holds the content.
        many: Whether the value is a list.
        max_files: How many files can be uploaded.
        max_bytes: How many bytes one file may have.
        types: The extensions that its name may have; empty for any.
    """

    encoding: Encoding
    many: bool
    max_files: int
    max_bytes: int
    types: tuple[str, ...]

    prefillable: ClassVar[bool] = False

    @property
    def format_hint(self) -> str:
        """Which files are accepted."""
        types = f"{' or '.join(self.types)}, " if self.types else ""
        return f"{types}at most {format_size(self.max_bytes)}{' each' if self.many else ''}"

    def draw(self, value: Any) -> Block | None:
        """The input. Slack cannot show a value in it."""
        types = {"filetypes": list(self.types)} if self.types else {}
        return {"type": "file_input", "max_files": self.max_files, **types}

    def read(self, state: Mapping[str, Any]) -> Any:
        """The claims."""
        files = state.get("files")
        if not isinstance(files, list) or not files:
            return UNSET
        if len(files) > self.max_files:
            raise UnreadableInput(
                "Upload one file only." if self.max_files == 1 else f"Upload at most {self.max_files} files."
            )
        claims = [self._claim(file) for file in files]
        return claims if self.many else claims[0]

    def _claim(self, file: Any) -> dict[str, Any]:
        if not isinstance(file, Mapping) or not isinstance(file.get("id"), str):
            raise UnreadableInput("Upload the file again.")
        name, size = str(file.get("name") or "file"), file.get("size")
        self.check(name, size if isinstance(size, int) else 0)
        return {_CLAIM: file["id"], "name": name, "size": size}

    def check(self, name: str, size: int) -> None:
        """Check the type and the size of a file.

        Raises:
            UnreadableInput: If the field does not accept it.
        """
        if self.types and extension_of(name) not in self.types:
            raise UnreadableInput(f"“{plain(name, 80)}” has the wrong type. Upload a file ending in {self._types()}.")
        if size > self.max_bytes:
            raise UnreadableInput(
                f"“{plain(name, 80)}” is {format_size(size)}. The limit is {format_size(self.max_bytes)}."
            )

    def _types(self) -> str:
        return " or ".join(f".{each}" for each in self.types)

    def claims(self, value: Any) -> list[Claim]:
        """The files in `value` whose content was not fetched yet."""
        return [
            Claim(each[_CLAIM], str(each.get("name")))
            for each in (value if self.many and isinstance(value, list) else [value])
            if isinstance(each, Mapping) and isinstance(each.get(_CLAIM), str)
        ]

    def filled(self, contents: Sequence[Content]) -> Any:
        """The value with these contents.

        Raises:
            UnreadableInput: If the field does not accept a file.
        """
        for content in contents:
            self.check(content.name, len(content.data))
        values = [self._value(content) for content in contents]
        return values if self.many else values[0]

    def _value(self, content: Content) -> Any:
        match self.encoding:
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
                    raise UnreadableInput(f"“{plain(content.name, 80)}” is not text in UTF-8.") from None

    def show(self, value: Any) -> str:
        """The names and sizes of the files."""
        if value is UNSET or value is None:
            return ""
        return ", ".join(_shown(each, self.encoding) for each in (value if isinstance(value, list) else [value]))


def file_input_for(schema: Schema, item: Schema | None) -> FileInput | None:
    """The input for the schema of a file, or of a list of files.

    Args:
        item: The schema of the list's items; `None` if `schema` is not a list.
    """
    file = schema if item is None else item
    encoding = _ENCODINGS.get(file.get("format")) if file.get("type") in ("string", "object") else None
    if encoding is None:
        return None
    if encoding == "base64" and file.get("contentEncoding") == "base64":
        encoding = "base64-twice"
    max_files = 1 if item is None else min(schema.get("maxItems") or _MAX_FILES, _MAX_FILES)
    max_bytes = min(file.get("maxBytes") or MAX_BYTES, MAX_BYTES)
    return FileInput(encoding, item is not None, max_files, max_bytes, tuple(file.get("filetypes") or ()))


def _shown(value: Any, encoding: Encoding) -> str:
    if isinstance(value, Mapping):
        content = value.get("content")
        size = _size(content, "base64url") if isinstance(content, str) else value.get("size")
        return f"{value.get('name')} ({format_size(size)})" if isinstance(size, int) else str(value.get("name"))
    return f"a file ({format_size(_size(value, encoding))})" if isinstance(value, str) else str(value)


def _size(text: str, encoding: Encoding) -> int:
    """Roughly how many bytes an encoded content has. Whitespace and padding are not counted exactly."""
    match encoding:
        case "binary":
            return len(text.encode())
        case "base64-twice":
            return _size(text, "base64") * 3 // 4
        case _:
            return len(text.rstrip("=")) * 3 // 4
