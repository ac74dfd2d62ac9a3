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
from signoff.bot.forms.elements.element import InvalidInput
from signoff.bot.forms.elements.entry_list import EntryList, entries_of
from signoff.bot.forms.elements.files import Claim, Content, FileInput
from signoff.bot.forms.paths import put
from signoff.flows.approval.validation import FieldError
from signoff.flows.schema.files import MAX_BYTES, format_size

WAIT = 1.5
"""Seconds that a submission waits for its files."""

KEPT = 32
"""How many files are raw_input for a next submission."""

WORKERS = 4
"""How many files are fetched at once."""

EditorState = tuple[str | int, ...]


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
        begun = {claim.id: self._begin(claim) for claim in _claims(form, reading.values, reading.raw_input)}
        if not begun:
            return reading.values, []
        wait(begun.values(), timeout=WAIT)
        filling = _Filling(begun)
        return filling.fill(form, reading.values, reading.raw_input, ()), filling.errors

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
        self._room = MAX_BYTES
        self.errors: list[FieldError] = []

    def fill(
        self, form: Form, values: Mapping[str, Any], raw_input: Mapping[str, Any], place: EditorState
    ) -> dict[str, Any]:
        """`values` with their files; the entries of lists too."""
        filled = copy.deepcopy(dict(values))
        for field in _fields(form, values, raw_input):
            value, where = field.value(values), (*place, *field.path)
            if isinstance(field.element, EntryList):
                entries = self._entries(form, field.element, value, where)
                if entries:
                    put(filled, field.path, entries)
            elif isinstance(field.element, FileInput) and (claims := field.element.claims(value)):
                try:
                    put(filled, field.path, field.element.filled([self._content(claim) for claim in claims]))
                except InvalidInput as error:
                    self.errors.append(FieldError(where, str(error)))
        return filled

    def _entries(self, form: Form, listed: EntryList, value: Any, place: EditorState) -> list[Any]:
        inner = form.of_entry(listed)
        return [
            listed.unwrap(self.fill(inner, listed.wrap(entry), {}, (*place, position)))
            for position, entry in enumerate(entries_of(value))
        ]

    def _content(self, claim: Claim) -> Content:
        future, name = self._begun[claim.id], plain(claim.name, 80)
        if not future.done():
            raise InvalidInput(f"Slack is still handing over “{name}”. Submit again in a moment.")
        try:
            content = future.result()
        except Unfetched as error:
            raise InvalidInput(str(error)) from error
        self._room -= len(content.data)
        if self._room < 0:
            raise InvalidInput(f"All files of an answer together can have at most {format_size(MAX_BYTES)}.")
        return content


def _fields(form: Form, values: Mapping[str, Any], raw_input: Mapping[str, Any]) -> Iterator[Field]:
    return (part for part in form.layout(values, raw_input) if isinstance(part, Field))


def _claims(form: Form, values: Mapping[str, Any], raw_input: Mapping[str, Any]) -> Iterator[Claim]:
    for field in _fields(form, values, raw_input):
        value = field.value(values)
        if isinstance(field.element, FileInput):
            yield from field.element.claims(value)
        elif isinstance(field.element, EntryList):
            for entry in entries_of(value):
                yield from _claims(form.of_entry(field.element), field.element.wrap(entry), {})
