"""`/approvals run FLOW` starts a run from Slack. Only the demo has it, since whoever types it needs no permission."""

import shlex
from collections.abc import Sequence
from typing import Any

from signoff.bot.blockkit.blocks import Message, mrkdwn, section
from signoff.bot.blockkit.markup import bold, code, escape
from signoff.bot.interactions.commands import COMMAND, Invocation, SubCommand
from signoff.flows.errors import InvalidParameters
from signoff.flows.flow import Flow
from signoff.flows.schema.typed_text import json_or_text
from signoff.store.database import Database

_HELP = "start a run of a flow, such as `run shirt-order`; parameters follow as name=value"


def run_command(db: Database, flows: Sequence[Flow[Any, Any]]) -> SubCommand:
    """The sub-command that starts runs of these flows."""
    by_name = {flow.name.lower(): flow for flow in flows}

    def start(typed: Invocation) -> Message:
        try:
            name, *given = shlex.split(typed.argument) or [""]
        except ValueError:
            return _message("A quotation mark is missing.")
        flow = by_name.get(name.lower())
        if flow is None:
            return _unknown(name, flows)
        if unnamed := [each for each in given if not each.partition("=")[1]]:
            return _message(f"A parameter is written as name=value, not {code(unnamed[0], 80)}.")
        try:
            run = flow.create_run(_parameters(flow, given), db=db, requester=typed.actor)
        except InvalidParameters as error:
            return _message(escape(str(error)))
        return _message(f"Started {bold(flow.name)} as {escape(run.name)}. Its cards appear in a moment.")

    return SubCommand("run", _HELP, start)


def _parameters(flow: Flow[Any, Any], given: Sequence[str]) -> dict[str, Any]:
    schema = flow.parameters.json_schema
    known = schema.get("properties", {})
    pairs = (each.partition("=") for each in given)
    return {name: json_or_text(text, known.get(name, {}), schema) for name, _, text in pairs}


def _unknown(name: str, flows: Sequence[Flow[Any, Any]]) -> Message:
    intro = f"There is no flow {code(name, 80)}." if name else "Which flow?"
    return _message("\n".join([intro, *(f"• {code(f'{COMMAND} run {flow.name}')}" for flow in flows)]))


def _message(text: str) -> Message:
    return Message(text, [section(mrkdwn(text))])
