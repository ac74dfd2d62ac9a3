"""What the docs show is true."""

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from signoff.bot.cli import signoff

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])

_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)|src(?:set)?=\"([^\"]+)\"")


def blocks(page: Path, language: str) -> Iterator[str]:
    """The code blocks of a page that are written in a language, without their indentation."""
    for indent, named, body in _BLOCK.findall(page.read_text(encoding="utf-8")):
        if named == language:
            yield "".join(line.removeprefix(indent) for line in body.splitlines(keepends=True))


def files(page: Path) -> dict[str, str]:
    """The Python blocks of a page that begin with the name of a file, by that name."""
    return {found[1]: code for code in blocks(page, "python") if (found := re.match(r"# (\w+\.py)\n", code))}


def examples() -> list[object]:
    """Every Python block of the docs."""
    return [
        pytest.param(page, code, id=f"{page.name}-{number}")
        for page in PAGES
        for number, code in enumerate(blocks(page, "python"), 1)
    ]


@pytest.mark.parametrize(("page", "code"), examples())
def test_every_example_can_be_imported(page: Path, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader who copies a block gets no error. One may import from the files that the page has shown."""
    for name, text in files(page).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        monkeypatch.delitem(sys.modules, name.removesuffix(".py"), raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    exec(compile(code, "example", "exec"), {"__name__": "example"})
    for name in files(page):
        sys.modules.pop(name.removesuffix(".py"), None)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_within_the_repository_leads_somewhere(page: Path) -> None:
    """No link of a page is broken, nor is its anchor."""
    for link in ("".join(found) for found in _LINK.findall(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page if not path else page.parent / path
        assert target.exists(), link
        if anchor:
            assert anchor in _anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_shown_exists(page: Path) -> None:
    """Each `signoff` command of a console block is one, and knows the options it is given."""
    for line in "".join(blocks(page, "console")).splitlines():
        _, found, rest = line.partition("signoff ")
        if not line.startswith("$ ") or not found:
            continue
        words = shlex.split(rest, comments=True)
        assert words[0] in signoff.commands, line
        shown = CliRunner().invoke(signoff, [words[0], "--help"]).output
        for option in (word for word in words if word.startswith("--")):
            assert option in shown, line


def test_the_first_command_installs_no_developers_tools() -> None:
    """A newcomer downloads what Signoff needs to run; the tests' command, the one that CI runs, installs the rest."""
    first, second = [
        line.removeprefix("$ ") for line in "".join(blocks(ROOT / "README.md", "console")).splitlines()[:2]
    ]
    assert first == "pip install uv && uv run --no-dev signoff demo --open"
    assert second == "pip install uv && uv run pytest"
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == second.replace("install", "install --quiet")


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_is_named_exists(page: Path) -> None:
    """A path of the repository in backticks, such as `flows/engine.py`, is one that a reader can open."""
    named = re.findall(r"`((?:bot|flows|store|tests|src|docs)/[\w./-]*)`", page.read_text(encoding="utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_paragraphs_are_wrapped(page: Path) -> None:
    """A change of a sentence then shows as one. Tables, code, comments and links cannot be wrapped."""
    text = _COMMENT.sub("", _BLOCK.sub("", page.read_text(encoding="utf-8")))
    prose = [line for line in text.splitlines() if not line.lstrip().startswith(("|", "<", "!", "#", "["))]
    assert [line for line in prose if len(line) > 120] == []
