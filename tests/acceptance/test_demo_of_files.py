"""`signoff demo FILE`: somebody's own flows in the local workspace, without a browser."""

import re
from pathlib import Path

from signoff.testing import ControlClient
from tests.acceptance.cli.asking import assert_refused
from tests.acceptance.command import Command
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


def test_flows_of_a_file_run_in_the_local_workspace(tmp_path: Path) -> None:
    """In the channels and with the people that the file names; further runs are started from Slack."""
    (tmp_path / "order.py").write_text(ORDER)
    # A company's proxy, and nobody has said what it is not for. What is on this machine is reached directly.
    proxy = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "", "no_proxy": ""}
    with Command("demo", "order.py", "--port", "0", folder=tmp_path, environment=proxy) as demo:
        client = ControlClient(demo.address())
        assert demo.line_with("start") == "To start another run, type /approvals run order-many count=… there.\n"
        for name, color in {"zoe": "red", "finn.berg": "green"}.items():
            person = client.person(name)
            person.wait_for_message("#shirts", f"A {color} shirt?")
            person.press("Approve", in_="#shirts")
            person.wait_for_message("#shirts", f"{color}: True")
            person.command("/approvals run order color=green")
        (welcome, *_) = client.person("ana").sees("#general")
        assert "Signoff runs *order*, *order-many*." in welcome.text
        assert "`/approvals run order-many count=…` to start another run" in welcome.text
        assert client.person("ana").sees("#releases") == []
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
