"""`docs/command.md` names all there is, and nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from pydantic.fields import FieldInfo

from signoff.bot.cli import signoff
from signoff.bot.settings import Settings

PAGE = (Path(__file__).parents[4] / "docs" / "command.md").read_text(encoding="utf-8")
SECTIONS = {
    found[1]: found[2]
    for found in re.finditer(r"^### `signoff ([a-z ]*[a-z])[^`]*`\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE)
}


def commands(group: click.Group, *names: str) -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *names, name)
        else:
            yield " ".join([*names, name]), command


EVERY_COMMAND = dict(commands(signoff))


def test_every_command_has_its_section() -> None:
    """And no section is about a command that is gone."""
    assert sorted(SECTIONS) == sorted(EVERY_COMMAND)


def _shown_options(name: str) -> list[Any]:
    """The parameters of a command, without the old names of options, which are hidden."""
    return [each for each in EVERY_COMMAND[name].params if not getattr(each, "hidden", False)]


@pytest.mark.parametrize("name", EVERY_COMMAND)
def test_every_option_is_named_in_the_section_of_its_command(name: str) -> None:
    """By its long form, and no option is named that is gone."""
    section = SECTIONS[name]
    options = {option for each in _shown_options(name) for option in each.opts if option.startswith("--")}
    rows = "\n".join(re.findall(r"^\| (`-.*?) \|", section, re.MULTILINE))
    named = set(re.findall(r"--[a-z-]+", rows))
    assert named <= options
    assert all(option in section for option in options)


def test_every_setting_is_named_with_its_default() -> None:
    """And no setting is named that is gone."""
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) ?\|", PAGE.partition("## Settings")[2], re.MULTILINE))

    def default(field: FieldInfo) -> str:
        return f"`{field.default}`" if field.default not in (None, ()) else ""

    # Old names of settings are read, and not shown.
    shown = [field for field in Settings.model_fields.values() if not field.exclude]
    assert rows == {str(field.validation_alias): default(field) for field in shown}
