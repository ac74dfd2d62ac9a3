"""Text, on one line and on several, and what has an input of its own."""

from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated
from uuid import UUID

from pydantic import AnyUrl, EmailStr, Field, HttpUrl, StringConstraints

from signoff import RunInput
from tests.golden.zoo.pen import Pen

PARAGRAPHS = "We moved checkout to the new cluster.\n\nOrders placed before noon keep their numbers."


class Version(RunInput):
    """Which version goes out."""

    version: str = Field(title="Version to ship", description="As the tag has it", examples=["1.4.0"])


class Nickname(RunInput):
    """Lengths that Slack itself holds a person to."""

    nickname: str = Field(min_length=3, max_length=20)


class Ticket(RunInput):
    """A pattern, which only the model knows."""

    ticket: str = Field(pattern=r"^[A-Z]{2,5}-\d+$", examples=["SHOP-1234"], description="The key in the tracker")


class Announcement(RunInput):
    """A text of up to a thousand characters."""

    announcement: str = Field(max_length=1000)


class Notes(RunInput):
    """A short text on several lines, because the field says so."""

    notes: str = Field(max_length=100, json_schema_extra={"element": "multiline"})


class Headline(RunInput):
    """A long text on one line, because the field says so."""

    headline: str = Field(max_length=400, json_schema_extra={"element": "text"})


class Signature(RunInput):
    """A text that has a default."""

    signature: str = "The shop team"


class Remark(RunInput):
    """A text that may be missing, or empty."""

    remark: str | None = None
    footnote: str = ""


class Code(RunInput):
    """A text that the model trims and writes in capitals."""

    code: Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^\s*\w{4}\s*$")]


class Contact(RunInput):
    """An e-mail address."""

    email: EmailStr = Field(title="E-mail", examples=["ana@example.com"])


class Link(RunInput):
    """An address on the web."""

    notes: HttpUrl = Field(title="Release notes", examples=["https://example.com/notes"])


class AnyAddress(RunInput):
    """An address of any scheme, which Slack's own input would refuse."""

    source: AnyUrl = Field(examples=["s3://bucket/key"])


class Identifier(RunInput):
    """A UUID."""

    order: UUID


class Hosts(RunInput):
    """IP addresses of both kinds."""

    v4: IPv4Address = Field(examples=["192.0.2.1"])
    v6: IPv6Address | None = None


class Export(RunInput):
    """A path."""

    target: Path = Path("/srv/exports/orders.csv")


class Semantic(RunInput):
    """A version as semver.org has it."""

    version: str = Field(pattern=r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$", examples=["2.0.0-rc.1"])


TEXTS: Pen = {
    "text": Version,
    "text_given": Version.with_initial_data(version="1.4.0"),
    "text_lengths": Nickname,
    "text_pattern": Ticket,
    "text_long": Announcement.with_initial_data(announcement=PARAGRAPHS),
    "text_multiline": Notes,
    "text_one_line": Headline,
    "text_default": Signature,
    "text_optional": Remark,
    "text_trimmed": Code.with_initial_data(code="ab12"),
    "email": Contact,
    "url_of_the_web": Link.with_initial_data(notes="https://example.com/notes?a=1&b=2"),
    "url_of_any_scheme": AnyAddress,
    "uuid": Identifier.with_initial_data(order=UUID("0b1f6a52-6a5e-4c0e-9f64-0d6f3c1f7f11")),
    "ip_addresses": Hosts,
    "path": Export,
    "semver": Semantic,
    "plain_text": str,
}
