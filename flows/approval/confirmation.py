"""The word that a policy wants typed before a yes counts."""

from collections.abc import Mapping
from typing import Any

from signoff.flows.schema.verdict import is_no
from signoff.store.records.prompts import Prompt


def is_confirmed(prompt: Prompt, answer: Mapping[str, Any], typed: str) -> bool:
    """Whether an answer counts as far as the word is concerned. A no counts without it.

    Args:
        answer: The validated values.
        typed: What the person has typed. Spaces around it do not matter, capitals do.
    """
    word = prompt.policy.word
    return not word or typed.strip() == word or is_no(prompt, answer)
