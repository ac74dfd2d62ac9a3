"""Puts the content of uploaded files into the values of a form.

Slack waits 3 s for the response to a submission. A file that takes longer continues to download in the background:
the form stays open with everything in it and says so, and the next submission finds the file here.
"""

import copy
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from slack_sdk import WebClient

from signoff.bot.blockkit.markup import plain
from signoff.bot.connection.files import FileUnavailable, fetch
from signoff.bot.forms import Field, Form, Reading
from signoff.bot.forms.elements.element import UnreadableInput
from signoff.bot.forms.elements.entry_list import EntryList, entries_of
from signoff.bot.forms.elements.files import Claim, Content, FileInput
from signoff.bot.forms.paths import put
from signoff.flows.approval.validation import FieldError
from signoff.flows.schema.files import MAX_BYTES, format_size

WAIT = 1.5
"""Seconds that a submission waits for its files."""

MAX_FILES = 32
"""How many files are kept for the next submission."""

WORKERS = 4
"""How many files are downloaded at once."""


class Uploads:
    """The files that are being downloaded, and the last ones that were."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="signoff-uploads")
        self._lock = threading.Lock()
        self._downloads: OrderedDict[str, Future[Content]] = OrderedDict()

    def stop(self) -> None:
        """Stop downloading."""
        self._workers.shutdown(wait=True, cancel_futures=True)

    def take(self, form: Form, reading: Reading) -> tuple[dict[str, Any], list[FieldError]]:
        """Fill the content of its files into what was read from a form.

        Returns:
            The values, and the errors in files.
        """
        downloads = {claim.id: self._download(claim) for claim in _claims(form, reading.values, reading.raw_input)}
        if not downloads:
            return reading.values, []
        wait(downloads.values(), timeout=WAIT)
        contents = _Contents(downloads)
        return contents.fill(form, reading.values, reading.raw_input, ()), contents.errors

    def _download(self, claim: Claim) -> Future[Content]:
        with self._lock:
            known = self._downloads.get(claim.id)
            if known is None or (known.done() and known.exception() is not None):
                self._downloads[claim.id] = known = self._workers.submit(fetch, self._client, claim)
            self._downloads.move_to_end(claim.id)
            while len(self._downloads) > MAX_FILES:
                self._downloads.popitem(last=False)
            return known


class _Contents:
    """The content of the files in one submission."""

    def __init__(self, downloads: Mapping[str, Future[Content]]) -> None:
        self._downloads = downloads
        self._room = MAX_BYTES
        self.errors: list[FieldError] = []

    def fill(
        self, form: Form, values: Mapping[str, Any], raw_input: Mapping[str, Any], parent: tuple[str | int, ...]
    ) -> dict[str, Any]:
        """A copy of `values` with the content of all files, including those in list entries."""
        filled = copy.deepcopy(dict(values))
        for field in _fields(form, values, raw_input):
            value, path = field.value(values), (*parent, *field.path)
            if isinstance(field.element, EntryList):
                entries = self._entries(form, field.element, value, path)
                if entries:
                    put(filled, field.path, entries)
            elif isinstance(field.element, FileInput) and (claims := field.element.claims(value)):
                try:
                    put(filled, field.path, field.element.filled([self._content(claim) for claim in claims]))
                except UnreadableInput as error:
                    self.errors.append(FieldError(path, str(error)))
        return filled

    def _entries(self, form: Form, entry_list: EntryList, value: Any, parent: tuple[str | int, ...]) -> list[Any]:
        inner = form.of_entry(entry_list)
        return [
            entry_list.unwrap(self.fill(inner, entry_list.wrap(entry), {}, (*parent, position)))
            for position, entry in enumerate(entries_of(value))
        ]

    def _content(self, claim: Claim) -> Content:
        future, name = self._downloads[claim.id], plain(claim.name, 80)
        if not future.done():
            raise UnreadableInput(f"“{name}” is still being downloaded from Slack. Submit again in a moment.")
        try:
            content = future.result()
        except FileUnavailable as error:
            raise UnreadableInput(str(error)) from error
        self._room -= len(content.data)
        if self._room < 0:
            raise UnreadableInput(f"The files of one answer can total at most {format_size(MAX_BYTES)}.")
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
