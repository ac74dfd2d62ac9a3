"""Which prompts can be approved together with others."""

from pydantic import BaseModel

from signoff.flows.approval.several import yes_to
from tests.support.prompts import prompt_for


class Plain(BaseModel):
    """What `pause_flow_run(bool)` asks for."""

    value: bool


class Choice(BaseModel):
    """Not a question of yes or no."""

    size: str


def test_a_plain_yes_or_no_can_be_approved_with_others() -> None:
    """Whatever its field is called."""
    assert yes_to(prompt_for(Plain)) == {"value": True}
    assert yes_to(prompt_for(Choice)) == "it asks for more than a yes or a no"
