"""What a flow will ask, whom, and what happens if nobody answers: `signoff policy explain`."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from signoff.bot.cli.logs import log_to_stderr

if TYPE_CHECKING:
    from signoff.flows.code.questions import FoundQuestion
    from signoff.flows.durable.question import Question
    from signoff.flows.flow import Flow
    from signoff.store.policy import Policy
    from signoff.store.records.prompts import Prompt

_ONLY_A_RUN = "only a run can tell"


@click.group()
def policy() -> None:
    """Explain who is asked, and what happens if nobody answers."""


@policy.command()
@click.argument("target", metavar="FILE[:FLOW]")
@click.option(
    "--pictures",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Draw the timeline of each question in a file of this folder, FLOW-LINE.svg.",
)
def explain(target: str, pictures: Path | None) -> None:
    """Show each question of a flow: who would be asked, and when each reminder and the deadline would come.

    The flow is not run. FLOW is the name of the flow or of its function, and can be omitted if the file has only one
    flow.
    """
    from signoff.bot.cli.failures import CommandFailed
    from signoff.bot.cli.targets import find_flow
    from signoff.bot.surfaces.timeline import as_picture
    from signoff.flows.ask import ask
    from signoff.flows.code.questions import questions_in
    from signoff.flows.pause import pause_flow_run, suspend_flow_run

    log_to_stderr()
    flow = find_flow(target)
    found = questions_in(flow.fn, (pause_flow_run, suspend_flow_run, ask))
    if not found:
        raise CommandFailed(f"The code of the flow {flow.name!r} asks nothing, as far as it can be read without a run.")
    for number, question in enumerate(found):
        title, lines, timeline = _explained(flow, question)
        click.echo("\n" * (number > 0) + "\n".join([title, *lines]))
        if pictures is not None and timeline:
            file = pictures / f"{re.sub('[^a-z0-9]+', '-', flow.name.lower())}-{question.line}.svg"
            try:
                pictures.mkdir(parents=True, exist_ok=True)
                file.write_text(as_picture(timeline, title.partition("  ")[0]), encoding="utf-8")
            except OSError as error:
                raise CommandFailed(f"{file} cannot be written: {error.strerror}.") from None
            click.echo(f"  Drawn in {file}")


def _explained(flow: "Flow[Any, Any]", found: "FoundQuestion") -> "tuple[str, list[str], list[Any]]":
    """The title of a question, what there is to say about it, and its timeline; none if only a run can tell."""
    from signoff.bot.surfaces.timeline import as_text, moments
    from signoff.flows.approval.policy import conflict
    from signoff.flows.durable.question import Question
    from signoff.flows.errors import InvalidFlow

    where = f"{found.file.name}:{found.line}, {found.call}({found.code})"
    if "wait_for_input" in found.unknown:
        return where, [f"  What it asks for, {_ONLY_A_RUN}."], []
    try:
        question = Question.of(found.arguments.get("wait_for_input"), found.arguments.get("description"))
        rules = _policy(flow, question, found)
    except InvalidFlow as error:
        return where, [f"  {error}"], []
    title = f"{question.title}  ({where})"
    if "policy" in found.unknown:
        return title, [f"  Who is asked, {_ONLY_A_RUN}: its policy is made there."], []
    if fault := conflict(rules, None):
        return title, [f"  The policy is invalid: {fault}."], []
    prompt = _prompt(flow, question, rules, found)
    timeline = moments(prompt, _opening(rules))
    lines = [*_who(prompt), "", *as_text(timeline)]
    if rules.deadline is None and "timeout" in found.unknown:
        lines.append(f"When it times out, {_ONLY_A_RUN}.")
    return title, [f"  {each}".rstrip() for each in lines], timeline


def _policy(flow: "Flow[Any, Any]", question: "Question", found: "FoundQuestion") -> "Policy":
    from signoff.flows.approval.policy import merged, with_functions_named
    from signoff.flows.durable.pauses import policy_on
    from signoff.flows.settings import DatabaseSettings, load

    of_flow = merged(flow.policy, load(DatabaseSettings).defaults().of(flow.name, flow.tags))
    return with_functions_named(policy_on(question, found.arguments.get("policy"), of_flow))


def _prompt(flow: "Flow[Any, Any]", question: "Question", rules: "Policy", found: "FoundQuestion") -> "Prompt":
    from datetime import UTC, datetime

    from signoff.flows.approval.policy import deadline_of
    from signoff.store.records.prompts import Prompt

    opened_at = datetime.now(UTC)
    return Prompt(
        id="",
        run_id="",
        run_name="",
        flow=flow.name,
        key="",
        title=question.title,
        description=question.description,
        schema=question.schema,
        initial_values=question.initial_values,
        stored_policy=rules,
        model=question.model_reference,
        opened_at=opened_at,
        deadline=deadline_of(rules, opened_at, found.arguments.get("timeout")),
        due_at=None,
        reminders_sent=0,
    )


def _opening(rules: "Policy") -> str:
    return f"The card is posted in {rules.channel or 'the channel of SIGNOFF_CHANNEL'}"


def _stages(prompt: "Prompt") -> list[str]:
    """The same for each stage, if there are any, in a line each."""
    from dataclasses import replace

    from signoff.bot.surfaces.tally import rules
    from signoff.bot.surfaces.wording import who_may_answer
    from signoff.store.policy import name_of_function
    from signoff.store.records.stages import PassedStage

    told = []
    for number, stage in enumerate(prompt.stages):
        there = replace(prompt, passed=(PassedStage(stage.name, prompt.opened_at),) * number)
        people = " ".join(filter(None, [who_may_answer(there, {}), rules(there, {})]))
        check = f"The check {name_of_function(stage.check)}." if callable(stage.check) else ""
        told.append(f"Stage {number + 1}, {stage.name}: {check or people}")
    return told


def _limits(rules: "Policy") -> list[str]:
    """What holds beside that: how a yes is confirmed, until when it can be taken back, and when nobody is pinged."""
    from signoff.bot.blockkit.markup import either, span

    told = []
    if rules.confirm:
        told.append(
            f"A yes counts once {rules.word!r} was typed." if rules.word else "Slack asks whether they are sure."
        )
    if rules.undo is not None:
        told.append(f"Whoever decides can undo it for {span(rules.undo)}.")
    if rules.may_extend:
        told.append(f"{either([str(each) for each in rules.may_extend])} may give it more time.")
    if rules.working_hours is not None:
        told.append(f"Reminders wait for {rules.working_hours}, in each person's own time zone.")
    if rules.max_pings_a_day is not None:
        told.append(f"Nobody is pinged more than {rules.max_pings_a_day} times a day.")
    if rules.comments != "off":
        clock = ", with the clock stopped" if rules.comments == "pause-clock" else ""
        told.append(f"People may comment, and ask the requester{clock}.")
    return told


def _who(prompt: "Prompt") -> list[str]:
    """Who may answer and how many have to agree, as the card would say it."""
    from signoff.bot.blockkit.markup import unescaped
    from signoff.bot.surfaces.assignment import assignment_rules
    from signoff.bot.surfaces.rulings import what_answers_first
    from signoff.bot.surfaces.tally import rules
    from signoff.bot.surfaces.wording import who_may_answer

    told = _stages(prompt) or [who_may_answer(prompt, {}), rules(prompt, {})]
    if not prompt.policy.requester_may_answer:
        told.append("Whoever requests the run may not.")
    told += assignment_rules(prompt.policy)
    told += what_answers_first(prompt.policy)
    told += _limits(prompt.policy)
    return [unescaped(each) for each in told if each]
