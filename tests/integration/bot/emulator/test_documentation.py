"""The documentation's example of an app of one's own, run as it stands; test_wheel.py runs the one of a flow."""

import re
from pathlib import Path
from typing import Any

from signoff.testing import Emulator

DOCUMENTATION = (Path(__file__).parents[4] / "docs" / "emulator.md").read_text()


def test_the_example_in_the_documentation_works(slack: Emulator) -> None:
    """A reader may copy it."""
    [_, example] = re.findall(r"```python\n(.*?)```", DOCUMENTATION, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(example, "docs/emulator.md", "exec"), names)
    names["test_a_release_is_approved"](slack)
