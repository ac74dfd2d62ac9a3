"""Connections that say nothing take neither the files nor the memory of `signoff serve`."""

import re
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import httpx
import pytest

from signoff.bot.http_limits import REQUEST_WITHIN
from signoff.flows.names import memorable_name, new_id, now
from signoff.store.database import Database
from signoff.store.runs import runs
from signoff.testing import Emulator, VisibleMessage
from tests.acceptance.command import SIGNOFF, Command
from tests.acceptance.test_crashes import RELEASE
from tests.support import raw_http
from tests.support.ports import reserved_port
from tests.support.raw_http import signed

MAX_FILES = 1024
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@pytest.fixture
def files() -> Iterator[None]:
    """Lets this process open more files than the one that it attacks."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Attacked:
    """`signoff serve` behind signed HTTP, with few files, and with a card."""

    def __init__(self, slack: Emulator, db: Database, folder: Path, url: str) -> None:
        (folder / "release.py").write_text(RELEASE)
        environment = {
            **slack.environment(),
            "DATABASE_URL": str(db.url),
            "SLACK_APP_TOKEN": "",
            "SIGNOFF_PORT": url.rsplit(":", 1)[1].partition("/")[0],
        }
        limited = f'ulimit -n {MAX_FILES}; exec "$0" "$@"'
        arguments = ["-c", limited, str(SIGNOFF), "serve", str(folder / "release.py")]
        self.process = Command(*arguments, folder=folder, environment=environment, executable=Path("/bin/sh"))
        self.url = url
        self.ana = slack.person("ana")
        self._db = db

    def card(self) -> VisibleMessage:
        """The card of a new run."""
        run_id = new_id()
        runs.create(
            self._db, run_id=run_id, name=memorable_name(), flow="release", parameters={"waits": "suspended"}, now=now()
        )
        return self.ana.wait_for_message("#releases", lambda seen: "Approve" in seen.buttons)

    def memory(self) -> int:
        """The largest number of bytes that the process has held so far."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found
        return int(found[1]) * 1024

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self.process.pid


@pytest.fixture
def attacked(slack: Emulator, db: Database, tmp_path: Path) -> Iterator[Attacked]:
    """The process, ready for presses."""
    with reserved_port() as port:
        url = f"http://127.0.0.1:{port}/slack/events"
        slack.deliver_to(url)
        attacked = Attacked(slack, db, tmp_path, url)
        with attacked.process:
            yield attacked


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("files")
def test_a_press_is_taken_beside_half_sent_requests(attacked: Attacked) -> None:
    """1,100 of them, where the process may open 1,024 files."""
    card = attacked.card()
    with ExitStack() as stack:
        for _ in range(1100):
            connection = stack.enter_context(closing(raw_http.connect(attacked.url)))
            with suppress(ConnectionError):
                connection.sendall(b"POST /slack/events HTTP/1.1\r\nHost: signoff.example\r\n")
        # Once this is answered, all of them have been taken or closed, and what the workspace had kept open as well.
        assert httpx.get(attacked.url, trust_env=False, timeout=60).is_client_error
        began = time.monotonic()
        assert attacked.ana.press("Approve", message=card)["ok"]
        # It does not wait until the others are given up.
        assert time.monotonic() - began < REQUEST_WITHIN
    assert "Traceback" not in attacked.process.complaints()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("files")
def test_unfinished_bodies_do_not_fill_the_memory(attacked: Attacked) -> None:
    """100 of 5 MB each, with headers that look signed."""
    card = attacked.card()
    before = attacked.memory()
    headers = signed(b"", secret="another secret")
    part = raw_http.head(attacked.url, headers, 5_000_000) + bytes(4_900_000)
    with ExitStack() as stack:
        for _ in range(100):
            connection = stack.enter_context(closing(raw_http.connect(attacked.url)))
            with suppress(ConnectionError):
                connection.sendall(part)
        assert attacked.memory() - before < 150_000_000
        assert attacked.ana.press("Approve", message=card)["ok"]
