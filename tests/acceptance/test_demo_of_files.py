"""`signoff demo FILE`: somebody's own flows in the local workspace, without a browser."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from signoff.testing import ControlClient
from tests.acceptance.cli.asking import assert_refused
from tests.acceptance.command import SIGNOFF, Command
from tests.acceptance.shell import Shell

ORDER = """
from signoff import Policy, RunInput, flow, pause_flow_run


class Shirt(RunInput):
    approved: bool
    note: str = ""


@flow
def order(color: str = "red") -> str:
    shirt = pause_flow_run(
        wait_for_input=Shirt.with_initial_data(description=f"A {color} shirt?"),
        policy=Policy(channel="#shirts", approvers=["@zoe", "Finn.Berg@acme.example"]),
    )
    return f"{color}: {shirt.approved}"


@flow
def order_many(count: int) -> None: ...
"""
DATED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d ")


def started(demo: Command) -> tuple[str, str]:
    """The page's address, and the command that starts another run."""
    address, command = demo.address(), demo.line_with("signoff run").partition(": ")[2]
    return address, command


def test_flows_of_a_file_run_in_the_local_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the channels and with the people that the file names; further runs are started from another terminal."""
    (tmp_path / "order.py").write_text(ORDER)
    # As if a shell had started it: uv sets the variable for what it runs, as it does for these tests.
    monkeypatch.delenv("UV", raising=False)
    with Command("demo", "order.py", "--port", "0", folder=tmp_path) as demo:
        address, command = started(demo)
        client = ControlClient(address)
        for name, color in {"zoe": "red", "finn.berg": "green"}.items():
            person = client.person(name)
            person.wait_for_message("#shirts", f"A {color} shirt?")
            person.press("Approve", in_="#shirts")
            person.wait_for_message("#shirts", f"{color}: True")
            if name == "zoe":
                assert command.endswith("/demo.db signoff run order.py:order-many -p 'count=…'\n")
                again = command.replace(":order-many -p 'count=…'", ":order -p color=green").strip()
                path = f"{SIGNOFF.parent}{os.pathsep}{os.environ['PATH']}"
                subprocess.run(again, shell=True, cwd=tmp_path, env={**os.environ, "PATH": path}, check=True)
        assert [message.text for message in client.person("ana").sees("#releases")] == []
        (welcome,) = client.person("ana").sees("#general")
        assert "Signoff runs *order*, *order-many*." in welcome.text
        client.close()
        assert demo.interrupt() == 0
        said = demo.complaints().splitlines()
        assert all(map(DATED.match, said))
        assert sum("was approved by Zoe (U" in line for line in said) == 1
        assert sum("| is Completed (flow order)" in line for line in said) == 2
        assert not re.search("ERROR|WARNING", demo.complaints())


def test_a_file_that_cannot_be_run_is_explained_before_anything_starts(tmp_path: Path) -> None:
    """One sentence, as for `signoff serve`."""
    shell = Shell(tmp_path)
    shell.write("plain.py", "def order(): ...\n")
    for file, said in {
        "plain.py": "plain.py has no flow. Decorate a function with @flow.",
        "gone.py": "The file gone.py does not exist.",
    }.items():
        assert_refused(shell("demo", "--port", "0", file), 1, said)
