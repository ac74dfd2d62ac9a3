"""`signoff show`: everything about one prompt or run, in full."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from signoff.bot.cli import options
from signoff.bot.cli.logs import log_to_stderr

if TYPE_CHECKING:
    from signoff.store.records.prompts import Prompt
    from signoff.store.records.runs import FlowRun

Facts = Iterator[tuple[str, str]]
"""Names and texts. A fact without a text is left out."""


@click.command()
@click.argument("named", metavar="PROMPT|RUN")
@options.as_json
def show(named: str, as_json: bool) -> None:
    """Show a prompt, or a run and its prompts, in full.

    PROMPT is its id, or the beginning of its id. RUN is its name, its id, or the beginning of its id.
    """
    from signoff.bot.cli.as_json import print_json, prompt_as_json, run_as_json
    from signoff.bot.cli.database import existing, run_and_prompts

    log_to_stderr()
    with existing() as db:
        run, prompts = run_and_prompts(db, named)
    if as_json:
        print_json({"run": run_as_json(run), "prompts": [prompt_as_json(each) for each in prompts]})
        return
    click.echo("\n\n".join("\n".join(_lines(facts)) for facts in [*map(_of_prompt, prompts), _of_run(run)]))


def _of_prompt(prompt: "Prompt") -> Facts:
    from signoff.bot.blockkit.markup import span, utc
    from signoff.bot.cli.as_text import ended_as_text, short, votes_as_text
    from signoff.bot.surfaces.assignment import assignee_as_text
    from signoff.bot.surfaces.comments import comments_as_text
    from signoff.bot.surfaces.earlier import asked_before_in_full
    from signoff.bot.surfaces.question import asked_by
    from signoff.bot.surfaces.rulings import ruling_as_text
    from signoff.bot.surfaces.stages import stages_as_text
    from signoff.bot.surfaces.wording import repeated_by
    from signoff.store.redaction import redacted

    asked = asked_by(prompt)
    yield "Question", asked.question
    yield "Title", asked.title
    yield "Description", asked.description
    yield "Values", _values(prompt.initial_values)
    yield "Asked before", asked_before_in_full(prompt)
    prompt = prompt.decided
    yield "Outcome", "" if prompt.is_open else ended_as_text(prompt)
    yield "Answer", _values(prompt.answer or {})
    yield "Reason", prompt.reason or ""
    if prompt.delivery is not None:
        yield f"Said by {prompt.engine}", redacted(prompt.delivery.words or prompt.delivery.error or "")
    yield "Requested by", "" if prompt.requester is None else prompt.requester.name
    yield "Approvers", ", ".join(prompt.policy.named) if prompt.policy_fault is None else prompt.policy_fault
    yield "Rule", ruling_as_text(prompt)
    yield "Repeats", short(approval.prompt_id) if (approval := repeated_by(prompt)) is not None else ""
    yield "Assigned to", assignee_as_text(prompt) if prompt.is_open else ""
    if prompt.policy_fault is None:
        for each in prompt.policy.escalations[: prompt.escalations]:
            yield f"Escalated after {span(each.after)}", ", ".join(each.to)
    yield "Stages", stages_as_text(prompt)
    yield "Votes", votes_as_text(prompt)
    yield "Comments", comments_as_text(prompt)
    yield "Opened", utc(prompt.opened_at)
    if prompt.deadline is not None:
        ends = prompt.policy_fault is not None or prompt.policy.ends_at_deadline
        overdue = " (overdue)" if prompt.is_overdue else ""
        yield "Times out" if ends else "Due", f"{utc(prompt.deadline)}{overdue}"
    yield "Prompt", short(prompt.id)


def _of_run(run: "FlowRun") -> Facts:
    from signoff.bot.blockkit.markup import utc
    from signoff.bot.cli.as_text import short
    from signoff.store.redaction import redacted

    yield "Run", f"{run.name} ({short(run.id)})"
    yield "Flow", run.flow
    yield "State", run.state
    yield "Error", redacted(run.error or "")
    yield "Message", run.message
    yield "Result", "" if run.result is None else redacted(_text(run.result))
    yield "Requested by", "" if run.requester is None else run.requester.name
    yield "Created", utc(run.created_at)
    yield "Finished", "" if run.finished_at is None else utc(run.finished_at)


def _values(values: Mapping[str, Any]) -> str:
    return "\n".join(f"{name}: {_text(value)}" for name, value in values.items())


def _text(value: Any) -> str:
    from signoff.bot.forms.elements.text import as_json

    return value if isinstance(value, str) else as_json(value, indent=2 if isinstance(value, dict | list) else None)


def _lines(facts: Facts) -> Iterator[str]:
    """A line for each fact. A text of several lines is indented below its name."""
    from signoff.bot.blockkit.markup import clean

    for name, text in facts:
        # A terminal would obey control characters.
        shown = clean(text).strip("\n").split("\n")
        if len(shown) > 1:
            yield f"{name}:"
            yield from (f"    {line}" for line in shown)
        elif shown[0].strip():
            yield f"{name}: {shown[0].strip()}"
