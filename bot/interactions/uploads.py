"""What people uploaded into a form, put into its values.

Slack waits 3 s for the answer to a submission. A file that takes longer is fetched on beside it: the form stays open
with all that was filled in, says so, and the next submission finds the file here.
"""

import copy
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from slack_sdk import WebClient

from signoff.bot.blockkit.markup import plain
from signoff.bot.connection.files import Unfetched, fetch
from signoff.bot.forms import Field, Form, Reading
from signoff.bot.forms.elements.element import Unreadable
from signoff.bot.forms.elements.entries import ListOf, entries_of
from signoff.bot.forms.elements.files import Claim, Content, FileInput
from signoff.bot.forms.paths import put
from signoff.flows.approval.validation import FieldError
from signoff.flows.schema.files import MOST_BYTES, in_kilobytes

WAIT = 1.5
"""Seconds that a submission waits for its files."""

KEPT = 32
"""How many files are kept for a next submission."""

WORKERS = 4
"""How many files are fetched at once."""

Place = tuple[str | int, ...]


class Uploads:
    """The files that are being fetched, and the last that were."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="signoff-uploads")
        self._lock = threading.Lock()
        self._begun: OrderedDict[str, Future[Content]] = OrderedDict()

    def stop(self) -> None:
        """Fetch no more."""
        self._workers.shutdown(wait=True, cancel_futures=True)

    def take(self, form: Form, reading: Reading) -> tuple[dict[str, Any], list[FieldError]]:
        """The values of a reading with the content of the files, and what is wrong with them."""
        begun = {claim.id: self._begin(claim) for claim in _claims(form, reading.values, reading.kept)}
        if not begun:
            return reading.values, []
        wait(begun.values(), timeout=WAIT)
        filling = _Filling(begun)
        return filling.fill(form, reading.values, reading.kept, ()), filling.errors

    def _begin(self, claim: Claim) -> Future[Content]:
        with self._lock:
            known = self._begun.get(claim.id)
            if known is None or (known.done() and known.exception() is not None):
                self._begun[claim.id] = known = self._workers.submit(fetch, self._client, claim)
            self._begun.move_to_end(claim.id)
            while len(self._begun) > KEPT:
                self._begun.popitem(last=False)
            return known


class _Filling:
    """One submission's files, put where they belong."""

    def __init__(self, begun: Mapping[str, Future[Content]]) -> None:
        self._begun = begun
        self._room = MOST_BYTES
        self.errors: list[FieldError] = []

    def fill(self, form: Form, values: Mapping[str, Any], kept: Mapping[str, Any], place: Place) -> dict[str, Any]:
        """`values` with their files; the entries of lists too."""
        filled = copy.deepcopy(dict(values))
        for one in _fields(form, values, kept):
            value, where = one.value(values), (*place, *one.path)
            if isinstance(one.element, ListOf):
                entries = self._entries(form, one.element, value, where)
                if entries:
                    put(filled, one.path, entries)
            elif isinstance(one.element, FileInput) and (claims := one.element.claims(value)):
                try:
                    put(filled, one.path, one.element.filled([self._content(claim) for claim in claims]))
                except Unreadable as error:
                    self.errors.append(FieldError(where, str(error)))
        return filled

    def _entries(self, form: Form, listed: ListOf, value: Any, place: Place) -> list[Any]:
        inner = form.of_entry(listed)
        return [
            listed.unwrap(self.fill(inner, listed.wrap(entry), {}, (*place, position)))
            for position, entry in enumerate(entries_of(value))
        ]

    def _content(self, claim: Claim) -> Content:
        future, name = self._begun[claim.id], plain(claim.name, 80)
        if not future.done():
            raise Unreadable(f"Slack is still handing over “{name}”. Submit again in a moment.")
        try:
            content = future.result()
        except Unfetched as error:
            raise Unreadable(str(error)) from error
        self._room -= len(content.data)
        if self._room < 0:
            raise Unreadable(f"All files of an answer together can have at most {in_kilobytes(MOST_BYTES)}.")
        return content


def _fields(form: Form, values: Mapping[str, Any], kept: Mapping[str, Any]) -> Iterator[Field]:
    return (part for part in form.sheet(values, kept) if isinstance(part, Field))


def _claims(form: Form, values: Mapping[str, Any], kept: Mapping[str, Any]) -> Iterator[Claim]:
    for one in _fields(form, values, kept):
        value = one.value(values)
        if isinstance(one.element, FileInput):
            yield from one.element.claims(value)
        elif isinstance(one.element, ListOf):
            for entry in entries_of(value):
                yield from _claims(form.of_entry(one.element), one.element.wrap(entry), {})
