"""A button says of which prompt and stage it is, and anything else that it says is a prompt that does not exist."""

import pytest

from signoff.bot.surfaces.claims import Claim

PROMPT = "0198c0de-0000-7000-8000-000000000001"


@pytest.mark.parametrize("stage", [0, 1, 12])
def test_a_claim_is_read_as_it_was_written(stage: int) -> None:
    """In the first stage it is the id alone, as on cards that an older version has posted."""
    claim = Claim(PROMPT, stage)
    assert Claim.read(str(claim)) == claim
    assert (str(claim) == PROMPT) is (stage == 0)


@pytest.mark.parametrize("suffix", [":", ":0", ":01", ":-1", ":x", ":1.5", ":99999", ":1\n", ":١"])
def test_a_claim_that_makes_no_sense_is_no_prompt(suffix: str) -> None:
    """It raises nothing."""
    assert Claim.read(PROMPT + suffix) == Claim(PROMPT + suffix)
    assert Claim.read(None).stage == 0
