"""From a schema to a modal, from what Slack reports to values, and how often a press has a schema parsed.

    uv run python -m tests.benchmarks.forms

A modal is made from a schema that was never seen before: the form's cache is left out. Of 300 fields a modal holds
one page, yet every row is drawn, since only then it is known where a page ends; the values are those of all pages.
The baselines are taken in the same run: what it takes to write the same modal as JSON, and to read the same report,
which nobody can do without.
"""

import gc
import json
import time
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model

from signoff.bot.forms import Form
from signoff.bot.forms.draft import Draft
from signoff.bot.forms.editor_state import EditorState
from signoff.bot.forms.layout import blocks_of
from signoff.bot.surfaces.modals import answer_modal
from tests.benchmarks.figures import Figure, print_table
from tests.benchmarks.parses import parses_of_each_act
from tests.support.prompts import prompt_for
from tests.unit.bot.forms.slack import submitted_as_drawn

GOALS = {3: 0.3, 30: 2.0, 300: 15.0}
"""Milliseconds each way, by the number of fields."""

REPEATS = {3: 2000, 30: 500, 300: 100}
WARM_UP = 10
KINDS: tuple[tuple[Any, Any], ...] = (
    (Annotated[str, Field(min_length=1, max_length=80, description="As the tag has it", examples=["1.4.0"])], "1.4.0"),
    (Annotated[int, Field(ge=1, le=12, title="How many copies")], 3),
    (Literal["small", "medium", "large"], "large"),
    (bool, True),
    (date, "2026-05-01"),
    (Annotated[float, Field(gt=0, lt=1)], 0.25),
    (list[Literal["name", "email", "born"]], ["email"]),
    (Annotated[str | None, Field(max_length=1000)], "Two lines\nof text"),
    (dict[str, int], {"eu": 100, "us": 250}),
    (list[int], [1, 2, 3]),
)
"""Types in turn, each with a value."""


def main() -> None:
    """Measure everything and print it."""
    print_table([figure for fields in GOALS for figure in both_ways(fields)], digits=3)
    print("\nSchemas parsed, of one with a list of models:\n")
    for act, parses in parses_of_each_act():
        print(f"- {parses} as {act}")


def model_of(fields: int) -> tuple[type[BaseModel], dict[str, Any]]:
    """A model of so many fields, and values for it."""
    variants = {f"field_{number}": KINDS[number % len(KINDS)] for number in range(fields)}
    definitions: dict[str, Any] = {name: (annotation, ...) for name, (annotation, _) in variants.items()}
    return create_model(f"Fields{fields}", **definitions), {name: value for name, (_, value) in variants.items()}


def both_ways(fields: int) -> list[Figure]:
    """The figures for a model of so many fields."""
    model, values = model_of(fields)
    prompt = prompt_for(model, values)
    schema = dict(prompt.schema or {})
    form = Form.of(schema)
    reported = json.dumps(submitted_as_drawn(blocks_of(form, values)))
    state = json.loads(reported)
    view = answer_modal(prompt, EditorState(form, Draft(values)))
    reading = form.read(state, {})
    assert (reading.values, reading.errors) == (values, {})

    def measured(what: str, act: Callable[[], object], goal: str = "") -> Figure:
        return Figure(f"{fields} fields: {what}", timed(act, REPEATS[fields]), goal)

    goal = f"median ≤ {GOALS[fields]:g}"
    return [
        measured("schema → modal", lambda: answer_modal(prompt, EditorState(Form.of(schema), Draft(values))), goal),
        measured("the same from a parsed form", lambda: answer_modal(prompt, EditorState(form, Draft(values)))),
        measured("baseline: that modal → JSON", lambda: json.dumps(view)),
        measured("state → values", lambda: form.read(state, values), goal),
        measured("baseline: JSON → that state", lambda: json.loads(reported)),
    ]


def timed(act: Callable[[], object], repeats: int) -> list[float]:
    """Milliseconds of each repeat, without the garbage of others."""
    for _ in range(WARM_UP):
        act()
    gc.collect()
    gc.disable()
    try:
        taken = []
        for _ in range(repeats):
            started = time.perf_counter()
            act()
            taken.append((time.perf_counter() - started) * 1000)
        return taken
    finally:
        gc.enable()


if __name__ == "__main__":
    main()
