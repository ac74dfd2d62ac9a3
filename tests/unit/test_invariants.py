"""What always holds is tested, by number."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

_CITED = re.compile(r"[Ii]nvariants? ([\d, and]+)[:;]")


def _promised() -> list[int]:
    """The numbers of the list in the docs."""
    section = (ROOT / "docs/operating.md").read_text(encoding="utf-8").partition("## What always holds")[2]
    return [int(number) for number in re.findall(r"^(\d+)\. ", section.partition("\n## ")[0], re.MULTILINE)]


def _cited() -> Iterator[int]:
    """The numbers that the docstrings of tests name."""
    for file in ROOT.glob("tests/**/test_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for numbers in _CITED.findall(ast.get_docstring(node) or ""):
                    yield from map(int, re.findall(r"\d+", numbers))


def test_each_invariant_has_a_test_that_names_it() -> None:
    """And no test names one that nobody is promised."""
    promised = _promised()
    assert promised == list(range(1, 14))
    assert set(_cited()) == set(promised)
