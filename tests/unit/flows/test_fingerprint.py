"""A hash of the code that comments and formatting do not change."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.fingerprint import fingerprint

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
    """What Python reads the same has the same fingerprint."""
    edited = CODE.replace(before, after)
    if "(version +" in edited:
        edited = edited.replace('"1"', '"1")')
    assert hashed(tmp_path, CODE) == hashed(tmp_path, edited)


@pytest.mark.parametrize(("before", "after"), [('"1"', '"2"'), ("version", "number"), ("Release it", "Do it")])
def test_what_python_reads_otherwise_has_another(tmp_path: Path, before: str, after: str) -> None:
    """Also a text, which a person may have been shown."""
    assert hashed(tmp_path, CODE) != hashed(tmp_path, CODE.replace(before, after))


def test_code_without_a_file_has_one_too() -> None:
    """Flows may be made in a console."""
    names: dict[str, Any] = {}
    exec("def one(): return 1\ndef two(): return other", names)
    assert fingerprint(names["one"]) != fingerprint(names["two"])
