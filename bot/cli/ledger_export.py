"""Lines of the ledger for an auditor: as JSON Lines, or as CSV that a spreadsheet opens without running anything."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from signoff.store.audit import ExportedLine
from signoff.store.redaction import HIDDEN, names_secret, redacted

COLUMNS = (
    "prompt_id",
    "number",
    "at",
    "event",
    "actor",
    "name",
    "claim",
    "detail",
    "title",
    "flow",
    "run_id",
    "run_name",
    "hash",
)

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a cell begins that a spreadsheet takes for a formula, or that hides one."""


def json_lines(exported: Iterable[ExportedLine]) -> Iterator[str]:
    """Each line as a JSON object, with a line break at its end."""
    for each in exported:
        yield f"{json.dumps(_fields(each))}\n"


def csv_lines(exported: Iterable[ExportedLine]) -> Iterator[str]:
    """A line with the names of the columns, and then each line of the ledger; the detail is JSON."""
    yield _as_csv(COLUMNS)
    for each in exported:
        fields = _fields(each)
        yield _as_csv([_cell(fields[name]) for name in COLUMNS])


def _fields(exported: ExportedLine) -> Mapping[str, Any]:
    line = exported.line
    detail = {name: value for name, value in line.detail.items() if name not in ("name", "claim")}
    fields = {
        "prompt_id": line.prompt_id,
        "number": line.number,
        "at": line.at.isoformat(),
        "event": line.event,
        "actor": line.actor,
        "name": line.detail.get("name"),
        "claim": line.detail.get("claim"),
        "detail": detail,
        "title": exported.title,
        "flow": exported.flow,
        "run_id": exported.run_id,
        "run_name": exported.run_name,
        "hash": line.hash,
    }
    return {name: _without_secrets(value) for name, value in fields.items()}


def _without_secrets(value: Any) -> Any:
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, list):
        return [_without_secrets(each) for each in value]
    if isinstance(value, dict):
        return {
            redacted(name): HIDDEN if isinstance(each, str) and names_secret(name) else _without_secrets(each)
            for name, each in value.items()
        }
    return value


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    text = "" if value is None else str(value)
    # An apostrophe makes a spreadsheet show the rest as text.
    return f"'{text}" if text.startswith(_FORMULA) else text


def _as_csv(cells: Iterable[str]) -> str:
    row = io.StringIO()
    csv.writer(row).writerow(cells)
    return row.getvalue()
