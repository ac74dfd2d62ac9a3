"""Files that are uploaded."""

from typing import Annotated

from pydantic import Field

from signoff import RunInput
from signoff.input import Accepts, UploadedFile
from tests.golden.zoo.pen import Pen


class Upload(RunInput):
    """A file of one of two types."""

    orders: Annotated[UploadedFile, Accepts("csv", "tsv", max_bytes=200_000)] = Field(description="One order a line")


class Attachments(RunInput):
    """Several files of any type."""

    attachments: list[UploadedFile] = Field(default=[], max_length=3)


class Raw(RunInput):
    """Bytes."""

    logo: bytes


FILES: Pen = {
    "file": Upload,
    "files": Attachments,
    "bytes": Raw,
    "file_given": Upload.with_initial_data(
        orders=UploadedFile(name="april.csv", mimetype="text/csv", content=b"a;b\n" * 9)
    ),
}
