"""The zoo's cards and first modals, one file each in `zoo_drawn`, a block a line.

After a change that is meant, `uv run python -m tests.golden.forms` writes the files anew: read the difference.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from signoff.bot.forms.draft import Draft
from signoff.bot.forms.editor_state import EditorState
from signoff.bot.surfaces.cards import card
from signoff.bot.surfaces.modals import answer_modal
from signoff.bot.surfaces.wording import form_of
from signoff.flows.durable.question import Question
from signoff.store.records.prompts import Prompt
from tests.golden.zoo import ZOO
from tests.support.prompts import MENTIONS, prompt_for

FOLDER = Path(__file__).parent / "zoo_drawn"


def prompt_in_zoo(name: str) -> Prompt:
    """The prompt of that model, as a run opens it."""
    asked = Question.of(ZOO[name])
    return replace(
        prompt_for(None),
        initial_values=asked.initial_values,
        title=asked.title,
        description=asked.description,
        schema=asked.schema,
        model=asked.model_reference,
    )


def modal_in_zoo(name: str) -> dict[str, Any]:
    """The modal that opens first."""
    prompt = prompt_in_zoo(name)
    return answer_modal(prompt, EditorState(form_of(prompt), Draft(prompt.initial_values)))


def drawn(name: str) -> str:
    """The JSON of a model's card and first modal, as its file has it."""
    message = card(prompt_in_zoo(name), MENTIONS)
    return f"{_by_line({'text': message.text}, message.blocks)}{_by_line(*_parted(modal_in_zoo(name)))}"


def _parted(view: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    return {key: value for key, value in view.items() if key != "blocks"}, view["blocks"]


def _by_line(head: Any, blocks: Any) -> str:
    return "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in [head, *blocks])


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for stale in FOLDER.iterdir():
        stale.unlink()
    for each in ZOO:
        (FOLDER / f"{each}.jsonl").write_text(drawn(each), encoding="utf-8")
