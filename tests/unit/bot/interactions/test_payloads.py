"""What the log says of a payload: who acted, where and on what, and nothing that could be anything."""

from typing import Any

import pytest

from signoff.bot.interactions.payloads import origin_of
from signoff.bot.surfaces.claims import Claim
from signoff.bot.surfaces.modal_metadata import ModalMetadata

PROMPT = "1f0c2a9e-0d2a-4a1c-9d0c-2f1c7a9b3e55"
ON_CARD = {"metadata": {"event_payload": {"prompt_id": PROMPT}}}


@pytest.mark.parametrize(
    ("body", "origin"),
    [
        (
            {"user": {"id": "U0ANARUIZ1"}, "channel": {"id": "C0RELEASES"}, "message": ON_CARD},
            "U0ANARUIZ1 in C0RELEASES, prompt 1f0c2a9e",
        ),
        (
            {"user": {"id": "U0ANARUIZ1"}, "view": {"private_metadata": str(ModalMetadata(Claim(PROMPT)))}},
            "U0ANARUIZ1, prompt 1f0c2a9e",
        ),
        ({"user_id": "U0ANARUIZ1", "channel_id": "D0ANA"}, "U0ANARUIZ1 in D0ANA"),
        ({}, "somebody"),
        ({"user": "Ana", "channel": "#releases", "message": 3, "view": []}, "somebody"),
        (
            {
                "user": {"id": "U0ANARUIZ1\nINFO approved"},
                "channel": {"id": "xoxb-hidden"},
                "message": {"metadata": {"event_payload": {"prompt_id": "hidden"}}},
                "view": {"private_metadata": '["hidden", 0]'},
            },
            "somebody",
        ),
    ],
)
def test_the_origin_of_a_payload_is_ids_alone(body: dict[str, Any], origin: str) -> None:
    """Invariant 8: what Slack sends is a claim, and forges no line of the log."""
    assert origin_of(body) == origin
