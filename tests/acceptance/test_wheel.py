"""The wheel as users get it: installed into an empty environment, away from this repository."""

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from signoff.bot.emulator.control.control_client import ControlClient
from tests.acceptance.command import Command

PROJECT = Path(__file__).parents[2]
UV = shutil.which("uv") or "uv"
BINARIES = "Scripts" if os.name == "nt" else "bin"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([UV, "build", "--wheel", "--quiet", "--out-dir", folder], cwd=PROJECT, check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command `signoff` of an environment that holds the wheel and what it depends on, and nothing else."""
    environment = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([UV, "venv", "--quiet", environment], check=True)
    subprocess.run([UV, "pip", "install", "--quiet", "--python", environment, wheel], check=True)
    return environment / BINARIES / "signoff"


def test_the_wheel_holds_what_is_not_python(wheel: Path) -> None:
    """The page, the migrations and the examples are inside, and the tests are not."""
    inside = zipfile.ZipFile(wheel).namelist()
    page = PROJECT / "bot" / "emulator" / "page"
    for file in (
        *(file for file in page.rglob("*") if file.is_file()),
        *(PROJECT / "store" / "migrations" / "versions").glob("*.py"),
        *(PROJECT / "flows" / "examples").glob("*.py"),
    ):
        assert file.relative_to(PROJECT).as_posix() in inside
    assert {name.partition("/")[0] for name in inside if ".dist-info/" not in name} == {"bot", "flows", "store"}


def test_the_demo_runs_beside_packages_of_the_same_names(installed: Path, tmp_path: Path) -> None:
    """The folder that it is started in has packages called `flows`, `bot` and `store`; none of them is imported."""
    for name in ("flows", "bot", "store"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise ImportError('This package is not Signoff.')\n")
    with Command("demo", "--port", "0", folder=tmp_path, executable=installed) as demo:
        client = ControlClient(demo.address())
        client.person("ana").wait_for_message("#releases", lambda message: "Approve" in message.buttons)
        client.close()
        assert demo.interrupt() == 0
        assert "Traceback" not in demo.complaints()
