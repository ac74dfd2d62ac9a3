"""Nothing changes how cards and modals look by accident."""

import pytest

from tests.golden.scenes import FOLDER, SCENES, drawn


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_looks_as_it_was_last_approved(name: str) -> None:
    """A card or modal is drawn as its file in tests/golden has it."""
    assert drawn(name) == (FOLDER / f"{name}.json").read_text(encoding="utf-8")


def test_no_file_is_left_over() -> None:
    """Every file belongs to a scene."""
    assert {path.stem for path in FOLDER.glob("*.json")} == set(SCENES)
