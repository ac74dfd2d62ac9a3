"""Runs that people start and cancel in Slack: with `/approvals run` and `cancel`, shortcuts, and the modals of all.

What a modal says of itself is a claim. It names a flow or a run, and who may do this is asked again when it is
submitted.
"""

import shlex
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slack_bolt import Ack, App

from signoff.bot.blockkit.blocks import Message
from signoff.bot.blockkit.markup import bold, code, escape, unescaped
from signoff.bot.connection.directory import SlackDirectory
from signoff.bot.connection.people import People
from signoff.bot.forms import ACTION, FormError, Reading
from signoff.bot.grants import Grants
from signoff.bot.interactions.commands import COMMAND, Invocation, SubCommand
from signoff.bot.interactions.payloads import values_in
from signoff.bot.interactions.responses import Body, Responses
from signoff.bot.interactions.showing import message
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.question import asked_by
from signoff.bot.surfaces.run_modals import (
    Carried,
    RunDraft,
    cancel_modal,
    cancel_reason_in,
    choose_flow_modal,
    flow_chosen,
    parameters_form,
    run_errors,
    run_modal,
    said_modal,
    started,
    started_modal,
)
from signoff.flows.approval.approvers import NameKind, Unknowable
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.validation import FieldError
from signoff.flows.errors import InvalidParameters, NotAllowed
from signoff.flows.schema.typed_text import json_or_text
from signoff.flows.startable import StartableFlow, StartableFlows
from signoff.store.database import Database
from signoff.store.errors import NoSuchRun, RunElsewhere, RunFinished
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.runs import FlowRun
from signoff.store.runs import runs

_TYPED = 80
_MAX_LISTED = 30
_RUN_OF_VIEW = uuid.UUID("5d2c8bb4-8f0d-4a53-9a39-6c1f7f3f8f55")
"""Names the run that a modal starts, so that a submission which Slack sends twice starts one run."""

_NOBODY = "You may not start runs here. Whoever runs Signoff can let you, with SIGNOFF_MAY_START."
_GONE = "No worker runs this flow any more, so nothing was started."
_NOT_THIS = "You may not start runs of this flow."
_UNKNOWN = "Slack did not say whether you may do this. Try again in a moment."
_BY_DEFAULT = "Cancelled in Slack."


class Starting:
    """Starts runs of the flows that workers run, for those who may.

    Args:
        grants: Who may start runs of which flows.
    """

    def __init__(
        self, db: Database, flows: StartableFlows, grants: Grants, people: People, responses: Responses
    ) -> None:
        self._db = db
        self._flows = flows
        self._grants = grants
        self._people = people
        self._responses = responses

    def register(self, app: App) -> None:
        """Have `app` call the listeners. They go before those of forms, whose inputs have the same action id."""
        app.view(action_ids.RUN_MODAL)(self.submit)
        app.view(action_ids.CHOOSE_FLOW_MODAL)(self.chosen)
        app.action(action_ids.START)(self.choose)
        app.shortcut(action_ids.START_SHORTCUT)(self.choose)
        app.shortcut(action_ids.START_FROM_MESSAGE)(self.choose)
        app.action(ACTION, matchers=[is_run_modal])(self.changed)
        app.options(ACTION, matchers=[is_run_modal])(self.suggest)

    def command(self) -> SubCommand:
        """`/approvals run`."""
        help_ = "start a run; its parameters are asked for, or follow as name=value"
        return SubCommand("run", help_, self.run, "FLOW")

    def may_start(self, actor: Actor) -> tuple[list[StartableFlow], bool]:
        """The flows of which a person may start runs, and whether that is known of all flows."""
        answers = [(flow, self._grants.include(actor, flow.name)) for flow in self._flows.all()]
        is_known = not any(isinstance(may, Unknowable) for _, may in answers)
        return [flow for flow, may in answers if may is True], is_known

    def run(self, typed: Invocation) -> Message | None:
        """Start a run, or open the modal that asks for its parameters."""
        try:
            name, *given = shlex.split(typed.argument) or [""]
        except ValueError:
            return message("A quotation mark is missing.")
        flow = self._flows.named(name) if name else None
        may = False if flow is None else self._grants.include(typed.actor, flow.name)
        if isinstance(may, Unknowable):
            return message(_UNKNOWN)
        if flow is None or not may:
            return self._other_flows(typed.actor, name)
        if unnamed := [each for each in given if not each.partition("=")[1]]:
            return message(f"A parameter is written as name=value, not {code(unnamed[0], _TYPED)}.")
        if not given and flow.takes_parameters:
            return self._open(typed.body, flow)
        values = _parameters(flow, given)
        if faults := flow.faults(values):
            return message(
                f"Nothing was started. {_in_words(faults)} Type {code(f'{COMMAND} run {flow.name}')} for a form."
            )
        try:
            run = flow.start(self._db, values, requester=typed.actor)
        except InvalidParameters as error:
            return message(escape(str(error)))
        return message(started(flow.name, run))

    def _open(self, body: Body, flow: StartableFlow) -> Message | None:
        try:
            view = run_modal(parameters_form(flow.schema), RunDraft(flow.name))
        except FormError as error:
            return message(f"The parameters of {bold(flow.name)} cannot be asked for in Slack: {escape(str(error))}")
        self._responses.open(body, lambda: view, "Type the command again.")
        return None

    def _other_flows(self, actor: Actor, name: str) -> Message:
        flows, is_known = self.may_start(actor)
        if not flows:
            return message(_NOBODY if is_known else _UNKNOWN)
        intro = f"There is no flow {code(name, _TYPED)} that you may start. These you may:" if name else "Which flow?"
        lines = [f"• {code(f'{COMMAND} run {flow.name}')}" for flow in flows[:_MAX_LISTED]]
        others = len(flows) - len(lines)
        return message("\n".join([intro, *lines, *([f"and {others} more"] if others else [])]))

    def choose(self, ack: Ack, body: Body) -> None:
        """A shortcut, or a press on "Start a run…": ask of which flow. A message is carried to its parameters."""
        carried = _message_in(body)

        def draw() -> dict[str, Any]:
            flows, is_known = self.may_start(self._people.actor(body))
            if not flows:
                return said_modal("Start a run", _NOBODY if is_known else _UNKNOWN)
            return choose_flow_modal([flow.name for flow in flows], "" if carried is None else str(carried))

        self._responses.open(body, draw, "Try it again.")
        ack()

    def chosen(self, ack: Ack, body: Body) -> None:
        """A flow was chosen: ask for its parameters, in the same modal."""
        view, actor = body["view"], self._people.actor(body)
        flow = self._flows.named(flow_chosen(values_in(view)))
        may = False if flow is None else self._grants.include(actor, flow.name)
        if flow is None or may is not True:
            told = _UNKNOWN if isinstance(may, Unknowable) else _GONE if flow is None else _NOT_THIS
            ack(response_action="update", view=said_modal("Nothing was started", told))
            return
        carried = Carried.read(view.get("private_metadata"))
        try:
            form = parameters_form(flow.schema)
            drawn = run_modal(form, RunDraft(flow.name, carried.fill_in(flow.schema)), note=_note_on(carried))
        except FormError as error:
            drawn = said_modal("Nothing was started", f"Its parameters cannot be asked for: {escape(str(error))}")
        ack(response_action="update", view=drawn)

    def changed(self, ack: Ack, body: Body) -> None:
        """Another variant of a union was chosen in the form: its fields have to appear. Nothing is stored."""
        view = body["view"]
        found = self._read(view)
        if found is not None:
            flow, draft, reading = found
            if reading.switched:
                self._responses.update(str(view["id"]), lambda: _redrawn(flow, draft, reading))
        ack()

    def suggest(self, ack: Ack, body: Body) -> None:
        """Something was typed into a select whose options the bot searches."""
        found = self._read(body["view"])
        if found is None:
            ack(options=[])
            return
        flow, draft, _ = found
        form = parameters_form(flow.schema)
        query, block_id = str(body.get("value") or ""), str(body["block_id"])
        ack(options=form.matching(block_id, query, draft.values, draft.chosen))

    def submit(self, ack: Ack, body: Body) -> None:
        """The form was submitted: start the run."""
        view, actor = body["view"], self._people.actor(body)
        found = self._read(view)
        may = False if found is None else self._grants.include(actor, found[0].name)
        if found is None or may is not True:
            told = _UNKNOWN if isinstance(may, Unknowable) else _GONE if found is None else _NOT_THIS
            ack(response_action="update", view=said_modal("Nothing was started", told))
            return
        flow, draft, reading = found
        form = parameters_form(flow.schema)
        if reading.switched:
            ack(response_action="update", view=_redrawn(flow, draft, reading))
            return
        faults = tuple(FieldError(path, said) for path, said in reading.errors.items()) or flow.faults(reading.values)
        if faults:
            ack(**run_errors(form, draft, reading.values, faults))
            return
        run_id = str(uuid.uuid5(_RUN_OF_VIEW, str(view["id"])))
        try:
            run = flow.start(self._db, reading.values, requester=actor, run_id=run_id)
        except InvalidParameters as error:
            ack(**run_errors(form, draft, reading.values, (FieldError((), str(error)),)))
            return
        ack(response_action="update", view=started_modal(flow.name, run))

    def _read(self, view: Mapping[str, Any]) -> tuple[StartableFlow, RunDraft, Reading] | None:
        """The flow whose form a modal shows, and what is filled in; `None` if no worker runs such a flow."""
        draft = RunDraft.read(view.get("private_metadata"))
        flow = self._flows.named(draft.flow)
        if flow is None:
            return None
        state = (view.get("state") or {}).get("values")
        return flow, draft, parameters_form(flow.schema).read(state, draft.values, draft.chosen)


def _message_in(body: Body) -> Carried | None:
    """The message on which a shortcut was used; `None` if it was used on none."""
    message, channel = body.get("message"), body.get("channel")
    if body.get("type") != "message_action" or not message or not channel:
        return None
    domain, ts = str((body.get("team") or {}).get("domain") or ""), str(message["ts"]).replace(".", "")
    link = f"https://{domain}.slack.com/archives/{channel['id']}/p{ts}" if domain else ""
    return Carried(unescaped(str(message.get("text") or "")), link)


def _note_on(carried: Carried) -> str:
    if carried.text:
        return "The text of the message is filled in. Check it before you start the run."
    return "The message is too long to be filled in, so its link is." if carried.link else ""


def is_run_modal(body: Mapping[str, Any]) -> bool:
    """Whether somebody acted in the modal that asks for parameters."""
    return (body.get("view") or {}).get("callback_id") == action_ids.RUN_MODAL


def _redrawn(flow: StartableFlow, draft: RunDraft, reading: Reading) -> dict[str, Any]:
    chosen = {key: number for key, number in reading.raw_input.items() if isinstance(number, int)}
    drawn = RunDraft(draft.flow, draft.values, chosen)
    return run_modal(parameters_form(flow.schema), drawn, values=reading.values)


def _parameters(flow: StartableFlow, given: Sequence[str]) -> dict[str, Any]:
    known = flow.schema.get("properties", {})
    pairs = (each.partition("=") for each in given)
    return {name: json_or_text(text, known.get(name, {}), flow.schema) for name, _, text in pairs}


def _in_words(faults: Sequence[FieldError]) -> str:
    return " ".join(f"{escape(str(fault).rstrip('.'), 300)}." for fault in faults[:5])


class Cancelling:
    """Cancels runs for those who requested them, and for those who may cancel others'.

    Args:
        grants: Who may cancel runs of which flows.
    """

    def __init__(
        self,
        db: Database,
        desk: Desk,
        directory: SlackDirectory,
        grants: Grants,
        people: People,
        responses: Responses,
    ) -> None:
        self._db = db
        self._desk = desk
        self._directory = directory
        self._grants = grants
        self._people = people
        self._responses = responses

    def register(self, app: App) -> None:
        """Have `app` call the listener."""
        app.view(action_ids.CANCEL_MODAL)(self.submit)

    def command(self) -> SubCommand:
        """`/approvals cancel`."""
        help_ = "cancel a run that you have requested, or that you may cancel; you are asked once more"
        return SubCommand("cancel", help_, self.ask, "RUN")

    def ask(self, typed: Invocation) -> Message | None:
        """Open the modal that asks whether the run is really to be cancelled."""
        if not typed.argument:
            return message(f"Which run? Type its name, as in {code(f'{COMMAND} cancel brave-otter')}.")
        found = self._find(typed.actor, typed.argument)
        if isinstance(found, str):
            return message(found)
        still_open = [each for each in prompts.of_run(self._db, found.id) if each.is_open]
        visible, _ = self._desk.visible_to(typed.actor, still_open)
        view = cancel_modal(found, [asked_by(each).question for each in visible])
        self._responses.open(typed.body, lambda: view, "Type the command again.")
        return None

    def submit(self, ack: Ack, body: Body) -> None:
        """The modal was submitted: cancel the run."""
        view, actor = body["view"], self._people.actor(body)
        found = self._find(actor, str(view.get("private_metadata")))
        if isinstance(found, str):
            ack(response_action="update", view=said_modal("Nothing was cancelled", found))
            return
        reason = cancel_reason_in(values_in(view)) or _BY_DEFAULT
        try:
            run = self._desk.cancel(found.id, actor, reason, via="slack")
        except (RunFinished, RunElsewhere, NotAllowed) as error:
            ack(response_action="update", view=said_modal("Nothing was cancelled", escape(str(error))))
            return
        done = f"The run {bold(run.name)} is cancelled." if run.state.is_final else f"{escape(run.engine)} is told."
        ack(response_action="update", view=said_modal("Cancelled", done))

    def _find(self, actor: Actor, named: str) -> FlowRun | str:
        """The run that a person names and may cancel now; or why there is none, as mrkdwn.

        Whether there is a run that they may not cancel is not said.
        """
        nothing = f"There is no run {code(named, _TYPED)} that you may cancel."
        try:
            run = runs.get(self._db, named)
        except NoSuchRun:
            return nothing
        match _first_known((lambda: self._has_requested(actor, run), lambda: self._grants.include(actor, run.flow))):
            case Unknowable():
                return _UNKNOWN
            case False:
                self._desk.note_refusal_of_run(run.id, actor, "refused_cancelling", via="slack")
                return nothing
        return f"The run {bold(run.name)} is over already: {run.state}." if run.state.is_final else run

    def _has_requested(self, actor: Actor, run: FlowRun) -> bool | Unknowable:
        """Whether a person has requested a run, by a name that nobody else can take."""
        if run.requester is None or NameKind.of(run.requester.id) not in {NameKind.USER_ID, NameKind.EMAIL}:
            return False
        return self._directory.is_person(actor, run.requester.id)


def _first_known(answers: Sequence[Callable[[], bool | Unknowable]]) -> bool | Unknowable:
    unknown: Unknowable | None = None
    for answer in answers:
        match answer():
            case True:
                return True
            case Unknowable() as found:
                unknown = found
    return False if unknown is None else unknown
