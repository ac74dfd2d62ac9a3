"""`signoff demo`: all of Signoff in one process, with an emulated Slack workspace."""

import ast
import logging
import re
import tempfile
import webbrowser
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from signoff.bot.blockkit.markup import escape
from signoff.bot.connection.web_client import web_client
from signoff.bot.emulator.server import Emulator
from signoff.bot.interactions.commands import COMMAND
from signoff.bot.service import Service
from signoff.bot.settings import local_settings
from signoff.flows.examples import dataset, hotfix, release, shirt
from signoff.flows.flow import Flow
from signoff.flows.loading import flows_in, load_flows
from signoff.flows.services.signals import ShutdownSignal
from signoff.store.database import Database
from signoff.store.runs import runs

logger = logging.getLogger(__name__)

FLOWS: Sequence[Flow[Any, Any]] = [flow for module in (release, hotfix, shirt, dataset) for flow in flows_in(module)]
"""The example flows."""

REQUESTER = "@chloe"
"""Who requests the runs of the examples."""

_CHANNEL = re.compile(r"#([a-z0-9_-]{1,80})")
_HANDLE = re.compile(r"@([a-z0-9][a-z0-9._-]{0,20})")
_ADDRESS = re.compile(r"([\w.+-]{1,64})@([\w-]{1,64})(?:\.[\w-]{1,64}){1,4}")


class Demo:
    """The emulated workspace, and Signoff in it. Usable as a context manager.

    Args:
        db: The database file; `None` for one that is deleted at the end. The workspace's messages are stored beside
            it, in a file whose name ends in `.slack`.
        port: The port of the page; 0 chooses a free one.
        files: The files whose flows are run, instead of the examples.

    Attributes:
        url: The address of the page.
        flows: The flows that are run.
    """

    def __init__(self, *, db: Path | None, port: int, files: Sequence[Path] = ()) -> None:
        self._db = db
        self._port = port
        self._files = files
        self._stack = ExitStack()
        self.url = ""
        self.flows = FLOWS

    def __enter__(self) -> "Demo":
        with ExitStack() as stack:
            if self._files:
                self.flows = load_flows(self._files)
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="signoff-")))
            file = folder / "demo.db" if self._db is None else self._db.resolve()
            slack = stack.enter_context(Emulator(self._port, path=file.with_name(f"{file.name}.slack")))
            for each in self._files:
                add_named(slack, each)
            settings = local_settings(file, api_url=slack.api_url, bot_token=slack.bot_token, app_token=slack.app_token)
            service = stack.enter_context(Service(settings, self.flows, with_bot=True))
            welcome(slack, self.flows if self._files else ())
            start_flows(service.db, self.flows, requester=None if self._files else REQUESTER)
            self.url = slack.url
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


WELCOME = """*Welcome!* Four flows are waiting for an answer. Try this:
• In {releases}, approve the release. Or reject it, and the form asks why.
• The hotfix there needs two people: press *Yes*, switch to Ben or Mei at the bottom left, and press it again. After \
two minutes it is escalated, and Dmitri may answer, too.
• In {orders}, order a green shirt in xlarge. There is no such shirt, and the form says so. Or wait until it times out.
• In {data}, create a data set: choose how many users, which columns, and whether to publish it.
• Switch to another person, and answer a prompt that they may not answer.
• Type `/approvals` to list the prompts that are waiting, and `/approvals run shirt-order` to order another shirt."""
"""The message that the demo posts in an empty workspace."""

WELCOME_TO_FILES = """*Welcome!* Signoff runs {flows}.
• Each question is in the channel that its policy names, and here if it names none.
• Switch to another person, at the bottom left, to see what those see who may not answer.
• Type `/approvals` to list the prompts that are waiting, and `{command}` to start another run."""
"""The same for flows of one's own."""


def welcome(slack: Emulator, own: Sequence[Flow[Any, Any]] = ()) -> None:
    """Post the welcome in #general, unless the channel already has messages.

    Args:
        own: The flows that are run instead of the examples.
    """
    client = web_client(slack.bot_token, slack.api_url)
    channels = {each["name"]: each["id"] for each in client.conversations_list()["channels"]}
    client.conversations_join(channel=channels["general"])
    if client.conversations_history(channel=channels["general"], limit=1)["messages"]:
        return
    if own:
        text = WELCOME_TO_FILES.format(
            flows=", ".join(f"*{escape(flow.name)}*" for flow in own), command=escape(how_to_start(own))
        )
    else:
        text = WELCOME.format(**{name: f"<#{channel}>" for name, channel in channels.items()})
    client.chat_postMessage(channel=channels["general"], text=text)


def add_named(slack: Emulator, file: Path) -> None:
    """Add the channels and people that a file names, so that a policy for another workspace works in this one."""
    workspace = slack.client.get("workspace")
    # Direct messages, which an earlier run has left, have no name.
    channels = {each.get("name") for each in workspace["channels"]}
    names = {each["name"] for each in workspace["people"]} | {each["handle"] for each in workspace["usergroups"]}
    addresses = {each["email"] for each in workspace["people"]}
    for text in sorted(_texts(file)):
        if (channel := _CHANNEL.fullmatch(text)) and channel[1] not in channels:
            slack.client.add_channel(channel[1])
        elif (handle := _HANDLE.fullmatch(text)) and handle[1] not in names:
            names.add(slack.client.add_person(handle[1]).name)
        elif (address := _ADDRESS.fullmatch(text)) and text not in addresses:
            name = address[1] if address[1] not in names else "-".join(address.groups())
            names.add(slack.client.add_person(name.lower(), email=text).name)


def _texts(file: Path) -> set[str]:
    """The texts in a Python file. It was imported, so it can be parsed."""
    tree = ast.parse(file.read_bytes())
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def start_flows(db: Database, flows: Sequence[Flow[Any, Any]], *, requester: str | None) -> None:
    """Start a run of each flow that needs no parameters, unless a run of an earlier demo is still in progress."""
    in_progress = {run.flow for run in runs.newest(db, limit=1000) if not run.state.is_final}
    for flow in flows:
        if flow.name not in in_progress and not flow.parameters.required:
            flow.create_run(db=db, requester=requester)


def how_to_start(flows: Sequence[Flow[Any, Any]]) -> str:
    """The command that starts a run from Slack: of a flow that needs parameters, and was not started, if one does."""
    flow = next((each for each in flows if each.parameters.required), flows[0])
    return " ".join([f"{COMMAND} run {flow.name}", *(f"{name}=…" for name in sorted(flow.parameters.required))])


def demo(shutdown: ShutdownSignal, *, files: Sequence[Path], db: Path | None, port: int, open_page: bool) -> None:
    """Run the demo until `shutdown`.

    Args:
        files: The files whose flows are run, instead of the examples.
        db: The database file; `None` for one that is deleted at the end.
        port: The port of the page; 0 chooses a free one.

    Raises:
        OSError: If the port is taken.
        flows.errors.InvalidFlow: If a flow file cannot be used.
        store.errors.StoreError: If the database cannot be used.
    """
    with ExitStack() as stack:
        with shutdown.starting_up():
            running = stack.enter_context(Demo(db=db, port=port, files=files))
        print(f"Signoff is ready. Open the workspace at {running.url}", flush=True)  # noqa: T201 - what the command is for
        if files:
            print(f"To start another run, type {how_to_start(running.flows)} there.", flush=True)  # noqa: T201
        print("Press Ctrl-C to stop.", flush=True)  # noqa: T201
        if open_page:
            webbrowser.open(running.url)
        shutdown.wait()
