"""Files that people upload into a file input."""

import mimetypes
from dataclasses import dataclass
from urllib.parse import quote

from signoff.bot.emulator.protocol import Json, SlackError, new_id
from signoff.bot.emulator.workspace.timestamps import Clock

MAX_BYTES = 10_000_000
"""The largest file that a file input accepts (docs of the file input element)."""


@dataclass(frozen=True, slots=True)
class File:
    """One uploaded file."""

    id: str
    name: str
    user: str
    created: int
    content: bytes
    url: str

    @property
    def mimetype(self) -> str:
        """The MIME type, guessed from the name."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"

    @property
    def extension(self) -> str:
        """The extension, by which file inputs filter: `csv`, for example."""
        return self.name.rpartition(".")[2].lower()

    def slack_json(self) -> Json:
        """The form in which `files.info` returns it."""
        return {
            "id": self.id,
            "created": self.created,
            "timestamp": self.created,
            "name": self.name,
            "title": self.name,
            "mimetype": self.mimetype,
            "filetype": self.extension,
            "user": self.user,
            "size": len(self.content),
            "mode": "hosted",
            "url_private": self.url,
            "url_private_download": f"{self.url}?download=1",
        }


class Files:
    """The uploaded files, kept in memory."""

    def __init__(self, clock: Clock, base_url: str) -> None:
        self._clock = clock
        self._base_url = base_url
        self._by_id: dict[str, File] = {}

    def add(self, user: str, name: str, content: bytes) -> File:
        """Store an uploaded file. Raises `file_too_large`."""
        if len(content) > MAX_BYTES:
            raise SlackError("file_too_large")
        file_id = new_id("F")
        url = f"{self._base_url}/files/{file_id}/{quote(name)}"
        file = File(file_id, name, user, int(self._clock()), content, url)
        self._by_id[file.id] = file
        return file

    def find(self, file_id: str) -> File | None:
        """The file with this id, or None."""
        return self._by_id.get(file_id)

    def get(self, file_id: str) -> File:
        """The file with this id. Raises `file_not_found`."""
        if found := self.find(file_id):
            return found
        raise SlackError("file_not_found")
