"""The rows of the table: each filled in with what will not do, and then with what will."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, expect

from tests.acceptance.forms import models
from tests.acceptance.forms.filling import Fill, at, checking, each, held, picking, top, typing, untouched, uploading

UUID = "0b1f6a52-6a5e-4c0e-9f64-0d6f3c1f7f11"


@dataclass(frozen=True)
class Row:
    """One row of the table, or a part of it.

    Attributes:
        asked: What a flow gives as `wait_for_input`.
        wrong: What is filled in first.
        errors: By label what stands under the input then, as regular expressions.
        right: What is filled in after that.
        result: What the flow gets, as JSON.
        opens: The button of the card that opens the form.
    """

    asked: Any
    wrong: Fill
    errors: Mapping[str, str]
    right: Fill
    result: Mapping[str, Any]
    opens: str = "Answer…"


def forth_and_back(page: Page) -> None:
    """Choose the other kind, fill it in, and look whether each kind keeps what was typed."""
    each(checking("Payment", "Transfer"), typing(IBAN="AT61"), checking("Payment", "Card"))(page)
    expect(top(page).get_by_label("Number")).to_have_value("12")
    checking("Payment", "Transfer")(page)
    expect(top(page).get_by_label("IBAN")).to_have_value("AT61")


def another_file(page: Page) -> None:
    """Take the file away and upload another."""
    page.get_by_role("button", name="Remove large.csv").click()
    uploading("Orders", "orders.csv", b"a;b")(page)


ROWS: dict[str, Row] = {
    "text with a pattern": Row(
        models.Text, typing(Ticket="17"), {"Ticket": "pattern"}, typing(Ticket="SHOP-17"), {"ticket": "SHOP-17"}
    ),
    "long text": Row(
        models.LongText,
        typing(Notes="Two\nlines"),
        {"Notes": "taken"},
        typing(Notes="Three\nmore\nlines"),
        {"notes": "Three\nmore\nlines"},
    ),
    "numbers with bounds": Row(
        models.Numbers,
        typing(Whole="13", Broken="2"),
        {"Whole": "12", "Broken": "1"},
        typing(Whole="12", Broken="0.25"),
        {"whole": 12, "broken": 0.25},
    ),
    "multiples and decimals": Row(
        models.Multiples,
        typing(Shirts="7", Price="1.234"),
        {"Shirts": "multiple of 6", "Price": "2 decimal places"},
        typing(Shirts="12", Price="19.90"),
        {"shirts": 12, "price": "19.90"},
    ),
    "yes or no": Row(
        models.YesOrNo,
        each(checking("Tested", "No"), checking("Documented", "No")),
        {"Tested": "taken"},
        checking("Tested", "Yes"),
        {"tested": True, "documented": False},
    ),
    "a checkbox": Row(
        models.Box,
        untouched,
        {"Read": "taken"},
        checking("Read", "Yes"),
        {"read": True, "notify": True},
        opens="Edit…",
    ),
    "a choice by a press": Row(
        models.Verdict, untouched, {"Color": "taken"}, checking("Color", "red"), {"color": "red"}, opens="Green"
    ),
    "a choice of a few": Row(
        models.Radio, checking("Size", "xxl"), {"Size": "taken"}, checking("Size", "xs"), {"size": "xs"}
    ),
    "a choice of sixty": Row(
        models.Select,
        picking("Start", "Airport 007"),
        {"Start": "taken"},
        picking("Start", "Airport 042"),
        {"start": "Airport 042"},
    ),
    "a choice of 240": Row(
        models.Groups,
        picking("Part", "Part 107"),
        {"Part": "taken"},
        picking("Part", "Part 239"),
        {"part": "Part 239"},
    ),
    "a choice of 1200": Row(
        models.Search,
        picking("Customer", "Customer 0007"),
        {"Customer": "taken"},
        picking("Customer", "Customer 1199"),
        {"customer": "Customer 1199"},
    ),
    "several of a few": Row(
        models.Boxes,
        checking("Drop", "name"),
        {"Drop": "at least 2"},
        checking("Drop", "born"),
        {"drop": ["name", "born"]},
    ),
    "several of sixty": Row(
        models.Several,
        picking("Stops", "Airport 007"),
        {"Stops": "taken"},
        each(
            lambda page: page.get_by_role("button", name="Remove").click(),
            picking("Stops", "Airport 001", "Airport 002"),
        ),
        {"stops": ["Airport 001", "Airport 002"]},
    ),
    "choices of the moment": Row(
        models.Release.with_choices(release={"1.3.0": "The old one", "1.4.0": "The new one"}, after=[1, 3, 5]),
        each(checking("Release", "The old one"), checking("After", "1", "3", "5")),
        {"After": "at most 2"},
        each(checking("Release", "The new one"), lambda page: held(page, "After").get_by_label("3").uncheck()),
        {"release": "1.4.0", "after": [1, 5]},
        opens="Edit…",
    ),
    "days and times": Row(
        models.Days,
        typing(Day="2026-05-01", Alarm="09:00"),
        {"Day": "taken", "Alarm": "taken"},
        typing(Day="2026-05-02", Alarm="09:15"),
        {"day": "2026-05-02", "alarm": "09:15:00"},
    ),
    # Ana is in Madrid, two hours before UTC in May.
    "moments": Row(
        models.Moments,
        each(at("Opens", "2026-05-01", "10:00"), at("Closes", "2026-05-02", "10:00"), typing(Daily="07:30")),
        {"Opens": "taken"},
        at("Opens", "2026-05-01", "11:00"),
        {"opens": "2026-05-01T09:00:00Z", "closes": "2026-05-02T08:00:00", "daily": "07:30:00Z"},
    ),
    "durations": Row(
        models.Durations,
        typing(Wait="30s", Rest="soon"),
        {"Wait": "1 minute", "Rest": "such as 90m"},
        typing(Wait="2h30m", Rest="P1DT1H"),
        {"wait": "PT2H30M", "rest": "P1DT1H"},
    ),
    "addresses": Row(
        models.Addresses,
        typing(Email="ana", Notes="example"),
        {"Email": "email", "Notes": "URL|link|address"},
        typing(Email="ana@example.com", Notes="https://example.com/n?a=1"),
        {"email": "ana@example.com", "notes": "https://example.com/n?a=1"},
    ),
    "identifiers": Row(
        models.Identifiers,
        typing(Order="17", Host="localhost", Target="/", Version="1.4"),
        {"Order": "UUID", "Host": "IPv4", "Target": "taken", "Version": "pattern"},
        typing(Order=UUID, Host="192.0.2.1", Target="/srv", Version="1.4.0"),
        {"order": UUID, "host": "192.0.2.1", "target": "/srv", "version": "1.4.0"},
    ),
    "people": Row(
        models.People,
        each(picking("Owner", "Ana Ruiz"), picking("Helpers", "Ben Okafor", "Mei Tanaka")),
        {"Owner": "taken"},
        picking("Owner", "Chloé Martin"),
        {"owner": "U0CHLOEM01", "helpers": ["U0BENOKAF1", "U0MEITANA1"]},
    ),
    "channels": Row(
        models.Channels,
        each(picking("Tell", "releases"), picking("Also", "orders", "general")),
        {"Tell": "taken"},
        picking("Tell", "data"),
        {"tell": "C0DATASET1", "also": ["C0ORDERS01", "C0GENERAL1"]},
    ),
    "lines": Row(
        models.Lines,
        typing(Hosts="alpha", Seeds="1\ntwo\n3", Quotas="eu: 1\nus"),
        {"Hosts": "at least 2", "Seeds": "[Ll]ine 2", "Quotas": "[Ll]ine 2"},
        typing(Hosts="alpha\nbeta", Seeds="1\n2\n3", Quotas="eu: 1\nus: 2"),
        {"hosts": ["alpha", "beta"], "seeds": [1, 2, 3], "quotas": {"eu": 1, "us": 2}},
    ),
    "nested models": Row(
        models.Nested,
        typing(Name="Mei", ZIP="none"),
        {"ZIP": "pattern"},
        typing(ZIP="1010"),
        {"client": {"name": "Mei", "address": {"zip_code": "1010"}}},
    ),
    "a model that may be missing": Row(
        models.Perhaps,
        each(checking("Billing", "Fill in"), typing(ZIP="none")),
        {"ZIP": "pattern"},
        typing(ZIP="1010"),
        {"billing": {"zip_code": "1010"}},
        opens="Edit…",
    ),
    "a union with a tag": Row(
        models.Tagged,
        each(checking("Payment", "Card"), typing(Number="12")),
        {"Number": "pattern"},
        forth_and_back,
        {"payment": {"kind": "transfer", "iban": "AT61"}},
    ),
    "a union of plain types": Row(
        models.Untagged,
        each(checking("Start", "Date"), typing(Date="2026-05-01")),
        {"Date": "taken"},
        each(checking("Start", "Whole number"), typing(Whole_number="17")),
        {"start": 17},
    ),
    "free JSON": Row(
        models.Json,
        typing(Payload='{"retry":\n tru}'),
        {"Payload": "line 2, column 2"},
        typing(Payload='{"retry": [1, 2.5, null]}'),
        {"payload": {"retry": [1, 2.5, None]}},
    ),
    "a file": Row(
        models.Upload,
        uploading("Orders", "large.csv", b"x" * 1001),
        {"Orders": "The limit is 1 kB"},
        another_file,
        {"orders": {"name": "orders.csv", "mimetype": "text/csv", "content": "YTti"}},
    ),
}
