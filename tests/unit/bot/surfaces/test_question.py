"""Which line of a prompt is its question."""

import pytest
from pydantic import BaseModel

from signoff.bot.surfaces.question import Asked, asked_by
from tests.support.prompts import prompt_for


class Release(BaseModel):
    """Release to *production*?

    The rest of the docstring.
    """

    approved: bool


class Notes(BaseModel):
    """What goes into the notes."""

    text: str


@pytest.mark.parametrize(
    ("model", "title", "description", "asked"),
    [
        (Release, "Release it?", "Ready?\nYes.", Asked("Release it?", "Ready?\nYes.")),
        (Release, "Release", "Ready?\n\nYes.", Asked("Ready?", "Yes.", "Release")),
        (Release, "Release", "14 changes.", Asked("Release to production?", "14 changes.", "Release")),
        (Notes, "Notes", "14 changes.", Asked("Notes", "14 changes.")),
        (None, "Continue?", "", Asked("Continue?", "")),
        (None, "Release **1.4** to my_app?", "", Asked("Release 1.4 to my_app?", "")),
        (None, "Open [this](https://a.example)?", "", Asked("Open [this](https://a.example)?", "")),
    ],
)
def test_the_question_is_what_ends_as_one(
    model: type[BaseModel] | None, title: str, description: str, asked: Asked
) -> None:
    """The title, the first line of the description, or that of the docstring in whose place there is a description."""
    assert asked_by(prompt_for(model, title=title, description=description)) == asked
