"""The package: what it costs to import, and what its documentation says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.routing import Route, WebSocketRoute

from signoff.bot.emulator.client.interactions import Interactions
from signoff.bot.emulator.control.administration import Administration
from signoff.bot.emulator.control.routes import Control
from signoff.bot.emulator.delivery.delivery import Delivery
from signoff.bot.emulator.delivery.socket_mode import SocketMode
from signoff.bot.emulator.events.events_api import EventsApi
from signoff.bot.emulator.web_api.faults import Faults
from signoff.bot.emulator.web_api.methods import METHODS
from signoff.bot.emulator.web_api.routes import WebApi
from signoff.bot.emulator.workspace.workspace import Workspace

DOCUMENTATION = (Path(__file__).parents[4] / "docs" / "emulator.md").read_text()
HEAVY = {"httpx", "starlette", "uvicorn", "slack_sdk", "slack_bolt", "sqlalchemy", "pydantic"}


def test_the_pytest_plugin_costs_users_next_to_nothing() -> None:
    """Each pytest run of a user loads the plugin: it must not load the server with it."""
    loaded = f"import sys, signoff.bot.pytest_plugin; print(sorted(sys.modules.keys() & {HEAVY!r}))"
    printed = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert printed.stdout == "[]\n"


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_documented(method: str) -> None:
    """The list of methods in the documentation is complete."""
    family, _, name = method.rpartition(".")
    assert f"`{method}`" in DOCUMENTATION or (f"`{family}." in DOCUMENTATION and f"`{name}`" in DOCUMENTATION)


def test_every_part_of_the_control_api_is_documented(workspace: Workspace) -> None:
    """The table of the control API is complete."""
    socket_mode = SocketMode(workspace.notify)
    delivery = Delivery(socket_mode, ack_limit_seconds=3)
    faults = Faults()
    web_api = WebApi(workspace, faults, {}, lambda: "")
    control = Control(workspace, Interactions(workspace, delivery), delivery)
    events_api = EventsApi(workspace, delivery)
    administration = Administration(workspace, faults, web_api, delivery, socket_mode, events_api)
    for route in [*control.routes(), *administration.routes()]:
        assert isinstance(route, Route | WebSocketRoute)
        assert re.search(rf"\b{route.path.removeprefix('/')}\b", DOCUMENTATION), route.path
