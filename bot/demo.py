"""`signoff demo`: all of Signoff in one process, with an emulated Slack workspace."""

import logging
import tempfile
import webbrowser
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from slack_sdk import WebClient

from signoff.bot.emulator.server import Emulator
from signoff.bot.service import Service
from signoff.bot.settings import Settings
from signoff.flows.examples import dataset, release, shirt
from signoff.flows.flow import Flow
from signoff.flows.loading import flows_in
from signoff.flows.services.signals import ShutdownSignal
from signoff.store.database import Database
from signoff.store.runs import runs

logger = logging.getLogger(__name__)

FLOWS: Sequence[Flow[Any, Any]] = [flow for module in (release, shirt, dataset) for flow in flows_in(module)]
"""The example flows."""


class Demo:
    """The emulated workspace, and Signoff in it. Usable as a context manager.

    Args:
        db: The database file; `None` for one that is deleted at the end. The workspace's messages are stored beside
            it, in a file whose name ends in `.slack`.
        port: The port of the page; 0 chooses a free one.
    """

    def __init__(self, *, db: Path | None, port: int) -> None:
        self._db = db
        self._port = port
        self._stack = ExitStack()
        self.url = ""

    def __enter__(self) -> "Demo":
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="signoff-")))
            file = folder / "demo.db" if self._db is None else self._db.resolve()
            slack = stack.enter_context(Emulator(self._port, path=file.with_name(f"{file.name}.slack")))
            service = stack.enter_context(Service(_settings(file, slack), FLOWS, with_bot=True))
            welcome(slack)
            start_examples(service.db)
            self.url = slack.url
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


WELCOME = """*Welcome!* Three flows are waiting for an answer. Try this:
• In {releases}, approve the release. Or reject it, and the form asks why.
• In {orders}, order a green shirt in xlarge. There is no such shirt, and the form says so. Or wait until it times out.
• In {data}, create a data set: choose how many users, which columns, and whether to publish it.
• Switch to another person, at the bottom left, and answer a prompt that they may not answer.
• Type `/approvals` to list the prompts that are waiting."""
"""The message that the demo posts in an empty workspace."""


def welcome(slack: Emulator) -> None:
    """Post the welcome in #general, unless the channel already has messages."""
    client = WebClient(token=slack.bot_token, base_url=slack.api_url)
    channels = {each["name"]: each["id"] for each in client.conversations_list()["channels"]}
    client.conversations_join(channel=channels["general"])
    if client.conversations_history(channel=channels["general"], limit=1)["messages"]:
        return
    text = WELCOME.format(**{name: f"<#{channel}>" for name, channel in channels.items()})
    client.chat_postMessage(channel=channels["general"], text=text)


def start_examples(db: Database) -> None:
    """Start a run of each example, unless a run of an earlier demo is still in progress."""
    in_progress = {run.flow for run in runs.newest(db, limit=1000) if not run.state.is_final}
    for flow in FLOWS:
        if flow.name not in in_progress:
            flow.create_run(db=db)


def demo(shutdown: ShutdownSignal, *, db: Path | None, port: int, open_page: bool) -> None:
    """Run the demo until `shutdown`.

    Raises:
        OSError: If the port is taken.
        store.errors.StoreError: If the database cannot be used.
    """
    with ExitStack() as stack:
        with shutdown.starting_up():
            running = stack.enter_context(Demo(db=db, port=port))
        print(f"Signoff is ready. Open the workspace at {running.url}", flush=True)  # noqa: T201 - what the command is for
        print("Press Ctrl-C to stop.", flush=True)  # noqa: T201
        if open_page:
            webbrowser.open(running.url)
        shutdown.wait()


def _settings(file: Path, slack: Emulator) -> Settings:
    """The demo's own settings. Those in the environment may belong to a real workspace."""
    return Settings(
        _env_file=None,
        database_url=f"sqlite:///{file}",
        channel="#general",
        approvers=(),
        slack_bot_token=SecretStr(slack.bot_token),
        slack_app_token=SecretStr(slack.app_token),
        slack_api_url=slack.api_url,
    )
