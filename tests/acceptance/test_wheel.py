"""The package as users get it: installed into an empty environment, beside packages named like Signoff's folders."""

import os
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from signoff.store.prompts import prompts
from signoff.testing import ControlClient, Emulator
from tests.acceptance.command import Command
from tests.acceptance.shell import Shell, line_with
from tests.support.generous_limits import ACK_LIMIT_SECONDS
from tests.support.waiting import until
from tests.unit.test_docs import blocks, files

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
FOLDERS = ("bot", "flows", "store")
UV = shutil.which("uv") or "uv"
BINARIES = "Scripts" if os.name == "nt" else "bin"

ORDER = '''
"""A flow in the project's own package `flows`."""

from typing import Literal

from flows.catalogue import COLORS
from signoff import Policy, RunInput, flow, pause_flow_run


class Shirt(RunInput):
    size: Literal["small", "large"]


@flow
def order() -> str:
    shirt = pause_flow_run(wait_for_input=Shirt, policy=Policy(channel="#orders", approvers=["@ana"]))
    return f"{shirt.size} {COLORS[0]}"


if __name__ == "__main__":
    print(order())
'''

PATIENT = """
import pytest

from signoff.testing import Emulator


@pytest.fixture
def slack():
    with Emulator(ack_limit_seconds=20) as emulator:
        yield emulator
"""
"""An app has more time to ack than in Slack, since a machine that runs many tests is busy."""


@pytest.fixture(autouse=True)
def bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the bytecode of the new environment in it, as Python does by default: it is deleted with the environment."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)


@pytest.fixture(scope="module", params=["wheel", "sdist"])
def distribution(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, or the source distribution, built."""
    folder = tmp_path_factory.mktemp(request.param)
    subprocess.run([UV, "build", f"--{request.param}", "--quiet", "--out-dir", folder], cwd=PROJECT, check=True)
    return next(file for file in folder.iterdir() if file.name.startswith("signoff-"))


@pytest.fixture(scope="module")
def python(distribution: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that has the distribution, pytest, and nothing that they do not need."""
    environment = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([UV, "venv", "--quiet", environment], check=True)
    subprocess.run([UV, "pip", "install", "--quiet", "--python", environment, distribution, "pytest"], check=True)
    return environment / BINARIES / "python"


@pytest.fixture
def signoff(python: Path) -> Path:
    """The command `signoff` of that environment."""
    return python.with_name("signoff")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that has packages called `bot`, `flows`, `store` and `tests`."""
    for name in (*FOLDERS, "tests"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("OURS = True\n")
    (tmp_path / "flows" / "catalogue.py").write_text("COLORS = ['red']\n")
    (tmp_path / "flows" / "order.py").write_text(ORDER)
    return tmp_path


def test_the_distribution_holds_what_is_needed_to_run(distribution: Path) -> None:
    """Each file of the packages is inside once, the page and the migrations too; the tests and the docs are not."""
    if distribution.suffix == ".whl":
        inside, prefix = zipfile.ZipFile(distribution).namelist(), "signoff/"
        top = {name.partition("/")[0] for name in inside if ".dist-info/" not in name}
        assert top == {"signoff"}
    else:
        with tarfile.open(distribution) as archive:
            inside = [name.partition("/")[2] for name in archive.getnames()]
        prefix = ""
        top = {name.partition("/")[0] for name in inside}
        assert top >= {*FOLDERS, "src", "pyproject.toml", "README.md", "LICENSE", "manifest.yml"}
        assert not top & {"tests", "docs"}
        assert not [name for name in inside if name.startswith(tuple(f"src/signoff/{folder}" for folder in FOLDERS))]
    packaged = [name for name in inside if name.startswith(tuple(f"{prefix}{folder}/" for folder in FOLDERS))]
    assert sorted(name.removeprefix(prefix) for name in packaged) == sorted(source_files())


def source_files() -> list[str]:
    """Every file of the packages, as the repository has them."""
    listed = subprocess.run(["git", "ls-files", *FOLDERS], cwd=PROJECT, capture_output=True, text=True, check=True)
    return listed.stdout.split()


def test_only_signoff_is_installed(python: Path) -> None:
    """No other package appears in site-packages, so none can collide with a project's own."""
    listed = "from importlib.metadata import files; print(*{file.parts[0] for file in files('signoff')})"
    ended = subprocess.run([python, "-c", listed], capture_output=True, text=True, check=True)
    assert {name for name in ended.stdout.split() if name != ".." and not name.endswith(".dist-info")} == {"signoff"}


def test_the_demo_runs(signoff: Path, project: Path) -> None:
    """`signoff demo` posts its cards, and ends without an error."""
    with Command("demo", "--port", "0", folder=project, executable=signoff) as demo:
        client = ControlClient(demo.address())
        client.person("ana").wait_for_message("#releases", lambda message: "Approve" in message.buttons)
        client.close()
        assert demo.interrupt() == 0
        assert "Traceback" not in demo.complaints()


def test_a_flow_of_the_project_is_served(signoff: Path, project: Path) -> None:
    """`signoff serve FILE` asks in Slack, and the file may import from the package that it is in."""
    with Emulator(ack_limit_seconds=ACK_LIMIT_SECONDS) as slack:
        shell = Shell(project, signoff, **slack.environment())
        with shell.started("serve", "flows/order.py") as serving:
            line_with(serving, "Ready")
            assert shell("run", "flows/order.py").err == ""
            ana = slack.person("ana")
            ana.wait_for_message("#orders", lambda message: "Large" in message.buttons)
            ana.press("Large", in_="#orders")
            ana.wait_for_message("#orders", lambda message: not message.buttons and "large" in message.full_text)
            serving.terminate()
            assert serving.wait() == 0


def test_the_project_runs_its_own_tests(python: Path, project: Path) -> None:
    """`python -m pytest` has the fixtures: the tests of the README and of docs/emulator.md pass as they stand."""
    for name, text in files(PROJECT / "README.md").items():
        (project / name).write_text(text)
    of_flow, of_app = blocks(PROJECT / "docs" / "emulator.md", "python")
    (project / "tests" / "test_release.py").write_text(f"from flows.catalogue import COLORS\n\n{of_app}")
    (project / "tests" / "test_flow.py").write_text(of_flow)
    (project / "conftest.py").write_text(PATIENT)
    # Settings of a real workspace do no harm.
    environment = {**os.environ, "SLACK_BOT_TOKEN": "xoxb-real", "DATABASE_URL": "sqlite:///real.db"}
    ended = subprocess.run([python, "-m", "pytest", "-q"], cwd=project, env=environment, capture_output=True, text=True)
    assert ended.stdout.splitlines()[-1].startswith("4 passed"), ended.stdout + ended.stderr
    assert not (project / "real.db").exists()


def test_the_flow_of_the_readme_runs_in_the_local_workspace(signoff: Path, tmp_path: Path) -> None:
    """`signoff demo order.py` asks its question in the channel that it names, and a press continues the run."""
    (tmp_path / "order.py").write_text(files(PROJECT / "README.md")["order.py"])
    with Command("demo", "order.py", "--port", "0", folder=tmp_path, executable=signoff) as demo:
        client = ControlClient(demo.address())
        ana = client.person("ana")
        ana.wait_for_message("#orders", "Which red shirt?")
        ana.press("Large", in_="#orders")
        ana.wait_for_message("#orders", "large red")
        client.close()
        assert demo.interrupt() == 0


def test_the_project_runs_a_flow_as_a_module(python: Path, signoff: Path, project: Path) -> None:
    """`python -m flows.order` runs the flow in that process, which goes on once somebody answers."""
    shell = Shell(project, signoff)
    assert shell("db", "upgrade").code == 0
    with shell.started("-m", "flows.order", program=python) as running:
        with shell.database() as db:
            prompt = until(db, lambda: prompts.pending(db))[0]
        assert shell("answer", prompt.id, "--set", "size=large", "--as", "@ana").code == 0
        out, err = running.communicate()
    assert (running.returncode, out) == (0, "large red\n"), err
