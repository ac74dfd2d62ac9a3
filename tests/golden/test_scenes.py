"""No card or modal changes by accident."""

import pytest

from tests.golden.scenes import FOLDER, SCENES, drawn


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_looks_as_it_was_last_approved(name: str) -> None:
    """A card or modal is drawn as in its file in tests/golden."""
    assert drawn(name) == (FOLDER / f"{name}.json").read_text(encoding="utf-8")


def test_no_file_is_left_over() -> None:
    """Every file belongs to a scene."""
    assert {path.stem for path in FOLDER.glob("*.json")} == set(SCENES)
