"""Each sentence of `docs/replay.md` has a test, which a comment below it names."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECTIONS = (ROOT / "docs" / "replay.md").read_text(encoding="utf-8").split("\n## ")[1:]

_ITEM = re.compile(r"^- (.*?)(?=^- |\Z)", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"(tests/[\w/]+\.py)::(test_\w+)")


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.partition("\n")[0])
def test_each_sentence_names_a_test_that_exists(section: str) -> None:
    """A sentence is an item of a list. What else a section says only leads to its list."""
    items = _ITEM.findall(section)
    assert items
    for item in items:
        named = _NAMED.findall("".join(re.findall(r"<!--(.*?)-->", item, re.DOTALL)))
        assert named, item
        for file, test in named:
            assert test in _tests_of(ROOT / file), item


def _tests_of(file: Path) -> set[str]:
    found = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return {node.name for node in found if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
