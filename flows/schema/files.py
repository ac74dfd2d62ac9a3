"""Files that a person uploads. They are stored in the database with the answer, so they have to be small."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

MAX_BYTES = 1_000_000
"""The maximum size of a file, and of all files of one answer together."""

FILE_FORMAT = "uploaded-file"
"""The `format` that marks an `UploadedFile` in a schema."""


def _for_people(schema: dict[str, Any]) -> None:
    schema |= {"format": FILE_FORMAT, "maxBytes": MAX_BYTES}
    # The description is meant for flow authors. It would be shown below the input.
    schema.pop("description", None)


class UploadedFile(BaseModel):
    """A file that a person uploads.

    Attributes:
        name: The file name on the person's computer. It can contain anything.
        mimetype: The type of the content, according to Slack.
        content: At most `MAX_BYTES`. It is base64 in JSON.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        ser_json_bytes="base64",
        val_json_bytes="base64",
        json_schema_extra=_for_people,
    )

    name: str
    mimetype: str = "application/octet-stream"
    content: bytes

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        # Without the content, which would be the greater part of a log.
        yield from (("name", self.name), ("mimetype", self.mimetype), ("size", self.size))

    @property
    def size(self) -> int:
        """The size of the content in bytes."""
        return len(self.content)

    @property
    def extension(self) -> str:
        """The extension of the name in lower case, such as `csv`; empty if there is none."""
        return extension_of(self.name)

    @model_validator(mode="after")
    def _is_small(self) -> "UploadedFile":
        _check_size(self.content, MAX_BYTES)
        return self


@dataclass(frozen=True, slots=True, init=False)
class Accepts:
    """Restricts the files that a field accepts: `Annotated[UploadedFile, Accepts("csv", "tsv", max_bytes=200_000)]`.

    It annotates `UploadedFile` or `bytes`. For `bytes`, which have no name, only Slack checks the type.

    Attributes:
        types: Extensions without the dot; empty for any type.
        max_bytes: The maximum size of one file.
    """

    types: tuple[str, ...]
    max_bytes: int

    def __init__(self, *types: str, max_bytes: int = MAX_BYTES) -> None:
        if not 0 < max_bytes <= MAX_BYTES:
            raise ValueError(f"max_bytes must be from 1 to {MAX_BYTES}, because files are stored in the database.")
        object.__setattr__(self, "types", tuple(each.lower().removeprefix(".") for each in types))
        object.__setattr__(self, "max_bytes", max_bytes)

    def check(self, value: Any) -> Any:
        """Return `value` if it is accepted. Otherwise raise a ValueError that says what is."""
        if isinstance(value, UploadedFile) and self.types and value.extension not in self.types:
            raise ValueError(_ask_for(self.types))
        _check_size(value.content if isinstance(value, UploadedFile) else value, self.max_bytes)
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if source not in (UploadedFile, bytes):
            raise TypeError(
                "Accepts(…) has to annotate the file itself, as in list[Annotated[UploadedFile, Accepts(…)]]."
            )
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        types = {"filetypes": list(self.types)} if self.types else {}
        return handler(schema) | types | {"maxBytes": self.max_bytes}


def file_error(value: Any, schema: Mapping[str, Any]) -> str | None:
    """The error of a file in JSON, by the keywords that `Accepts` writes into a schema; `None` if it is accepted."""
    name, content = (value.get("name"), value.get("content")) if isinstance(value, Mapping) else (None, value)
    types, limit = schema.get("filetypes"), schema.get("maxBytes")
    if isinstance(types, list) and isinstance(name, str) and extension_of(name) not in types:
        return _ask_for(types)
    if not isinstance(content, str) or not isinstance(limit, int):
        return None
    is_text = schema.get("format") == "binary"
    size = len(content.encode()) if is_text else len(content.rstrip("=")) * 3 // 4
    return _too_large(size, limit) if size > limit else None


def extension_of(name: str) -> str:
    """The extension of a file name in lower case; empty if there is none."""
    stem, dot, end = name.rpartition(".")
    return end.lower() if dot and stem else ""


def format_size(size: int) -> str:
    """A size for people to read, rounded up: `12 kB`."""
    return f"{size} bytes" if size < 1000 else f"{-(-size // 1000)} kB"


def _check_size(content: bytes, limit: int) -> None:
    if len(content) > limit:
        raise ValueError(_too_large(len(content), limit))


def _too_large(size: int, limit: int) -> str:
    return f"The file is {format_size(size)}. The limit is {format_size(limit)}."


def _ask_for(types: Sequence[str]) -> str:
    return f"Upload a file of the type {' or '.join(types)}."
