"""A hash of the code that comments and formatting do not change."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from signoff.flows.durable.fingerprint import fingerprint

CODE = '''
def release(version):
    """Release it."""
    return version + "1"
'''


def hashed(folder: Path, text: str) -> str:
    file = folder / "release.py"
    file.write_text(text, encoding="utf-8")
    names: dict[str, Any] = {}
    exec(compile(text, str(file), "exec"), names)
    release: Callable[..., Any] = names["release"]
    return fingerprint(release)


@pytest.mark.parametrize(
    ("before", "after"),
    [("\ndef", "# A comment.\n\n\ndef"), ('version + "1"', "version+'1'"), ("return version", "return (version")],
)
def test_comments_and_formatting_do_not_matter(tmp_path: Path, before: str, after: str) -> None:
    """Files that parse to the same code have the same fingerprint."""
    edited = CODE.replace(before, after)
    if "(version +" in edited:
        edited = edited.replace('"1"', '"1")')
    assert hashed(tmp_path, CODE) == hashed(tmp_path, edited)


@pytest.mark.parametrize(("before", "after"), [('"1"', '"2"'), ("version", "number"), ("Release it", "Do it")])
def test_what_python_reads_otherwise_has_another(tmp_path: Path, before: str, after: str) -> None:
    """Also a text, which a person may have been shown."""
    assert hashed(tmp_path, CODE) != hashed(tmp_path, CODE.replace(before, after))


HELPED = """
import json
import helping.hands
from helping import legs
from . import beside


def release():
    from late import later
"""

MODULES = {
    "helping/__init__.py": "",
    "helping/hands.py": "from .fingers import thumb\n",
    "helping/fingers.py": "thumb = 1\n",
    "helping/legs.py": "walk = 1\n",
    "beside.py": "import helping\nimport release\n",
    "late.py": "later = 1\n",
    "unused.py": "nothing = 1\n",
}


def helped(folder: Path, changed: str = "") -> str:
    """The fingerprint of a flow that imports from its folder, one file of which may have changed."""
    for name, text in MODULES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text + ("added = 2\n" if name == changed else ""), encoding="utf-8")
    file = folder / "release.py"
    file.write_text(HELPED, encoding="utf-8")
    names: dict[str, Any] = {}
    exec(compile(HELPED.partition("\n\n\n")[2], str(file), "exec"), names)
    return fingerprint(names["release"])


@pytest.mark.parametrize("changed", MODULES)
def test_what_a_flow_imports_from_its_folder_is_part_of_its_code(tmp_path: Path, changed: str) -> None:
    """However far it is imported, in a circle or late; and nothing else of the folder is."""
    assert (helped(tmp_path) == helped(tmp_path, changed)) is (changed == "unused.py")


def test_a_package_s_modules_are_found_by_their_full_names(tmp_path: Path) -> None:
    """Those in the flow's own folder; files above it are another part of the program."""
    folder = tmp_path / "shop" / "flows"
    folder.mkdir(parents=True)
    for package in (folder, folder.parent):
        (package / "__init__.py").touch()
    text = "from shop.flows import steps\nfrom shop import prices\n\n\ndef release(): ...\n"
    seen = []
    for steps, prices in (("a = 1", "b = 1"), ("a = 1", "b = 22"), ("a = 22", "b = 22")):
        (folder / "steps.py").write_text(steps, encoding="utf-8")
        (folder.parent / "prices.py").write_text(prices, encoding="utf-8")
        (folder / "release.py").write_text(text, encoding="utf-8")
        names: dict[str, Any] = {}
        exec(compile("def release(): ...", str(folder / "release.py"), "exec"), names)
        seen.append(fingerprint(names["release"]))
    assert seen[0] == seen[1] != seen[2]


def test_code_without_a_file_has_one_too() -> None:
    """Flows may be made in a console."""
    names: dict[str, Any] = {}
    exec("def one(): return 1\ndef two(): return other", names)
    assert fingerprint(names["one"]) != fingerprint(names["two"])
