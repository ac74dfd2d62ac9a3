"""What `signoff` exports is what docs/api.md promises, and nothing else."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tests.unit.test_docs import PAGES, ROOT, blocks

SOURCE = ROOT / "src" / "signoff"
MODULES = sorted("signoff" if file.stem == "__init__" else f"signoff.{file.stem}" for file in SOURCE.glob("*.py"))
LAZY = ("signoff", "signoff.testing")
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
HEAVY = {"pydantic", "sqlalchemy", "slack_sdk", "starlette", "httpx", "pytest"}


def exported(module: str) -> list[str]:
    """The names in a module's `__all__`."""
    names: list[str] = import_module(module).__all__
    return names


def documented(module: str) -> list[str]:
    """The names in the first column of a module's tables."""
    section = re.search(rf"^## {re.escape(module)}$(.*?)(?=^## |\Z)", API, re.DOTALL | re.MULTILINE)
    assert section is not None, f"docs/api.md has no section about {module}"
    return [
        name for row in re.findall(r"^\| (`.*?) \|", section[1], re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    ]


def imports(code: str) -> Iterator[tuple[str, str]]:
    """The modules of Signoff that a block of the docs imports from, with each name."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "signoff":
            yield from ((node.module or "", each.name) for each in node.names)
        if isinstance(node, ast.Import):
            yield from ((each.name, "") for each in node.names if each.name.partition(".")[0] == "signoff")


@pytest.mark.parametrize("module", MODULES)
def test_the_documentation_names_what_is_exported(module: str) -> None:
    """Each public name has its row in docs/api.md, and no row is about a name that is gone."""
    assert sorted(documented(module)) == sorted(exported(module))


def test_the_documentation_has_no_other_modules() -> None:
    """A section of docs/api.md is about a module that exists."""
    assert sorted(re.findall(r"^## (signoff.*)$", API, re.MULTILINE)) == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_every_exported_name_is_there(module: str) -> None:
    """`from signoff… import …` works for all that is promised, and `dir()` shows it."""
    found = import_module(module)
    for name in exported(module):
        assert getattr(found, name) is not None
    assert set(exported(module)) <= set(dir(found))


@pytest.mark.parametrize("module", LAZY)
def test_a_name_that_is_not_exported_is_an_attribute_error(module: str) -> None:
    """A typo is reported as for any other module."""
    with pytest.raises(AttributeError, match=f"module '{module}' has no attribute 'paws_flow_run'"):
        _ = import_module(module).paws_flow_run


@pytest.mark.parametrize("module", LAZY)
def test_type_checkers_see_what_is_imported_on_first_use(module: str) -> None:
    """The imports for type checkers and the table of lazy imports agree, name by name."""
    found = import_module(module)
    tree = ast.parse(Path(str(found.__file__)).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    seen = {each.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for each in node.names}
    assert seen == found._HOMES
    assert sorted(seen) == sorted(exported(module))


@pytest.mark.parametrize("module", LAZY)
def test_importing_is_cheap(module: str) -> None:
    """Names are imported on first use, so a command and a user's pytest run pay only for what they use."""
    looked = f"import sys, {module}; print(*({HEAVY!r} & sys.modules.keys()))"
    ended = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_documentation_imports_public_names_only(page: Path) -> None:
    """An example never shows a name that may change without notice."""
    for code in blocks(page, "python"):
        for module, name in imports(code):
            assert module in MODULES, f"{module} is private"
            assert not name or name in exported(module), f"{module}.{name} is private"


def test_the_package_is_typed() -> None:
    """Type checkers read the annotations of an installed package only if it has this file."""
    assert (SOURCE / "py.typed").is_file()
