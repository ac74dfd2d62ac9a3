"""More time for a prompt, and for those who are reminded of it: buttons, a modal and what is said. Texts are mrkdwn."""

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

from signoff.bot.blockkit.blocks import SECTION_TEXT, Block, button, input_block, mrkdwn, option, plain_text, section
from signoff.bot.blockkit.blocks import actions as buttons
from signoff.bot.blockkit.markup import at, bold, escape, utc
from signoff.bot.forms import ACTION
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.deadline import deadline_of
from signoff.bot.surfaces.entered import chosen
from signoff.bot.surfaces.question import asked_by
from signoff.bot.surfaces.wording import question_excerpt
from signoff.flows.approval.extension import LENGTHS, can_be_extended
from signoff.store.records.outbox import Notice
from signoff.store.records.prompts import Prompt

_MORE = "more"
_NAME = 80
_MORNING = 9
"""The hour of tomorrow at which somebody is reminded, in their own time zone."""


def more_time_button(prompt: Prompt) -> list[Block]:
    """The button that asks for more time, if anybody may have it."""
    return [button("More time…", action_ids.MORE_TIME, prompt.id)] if can_be_extended(prompt) else []


def more_time_modal(prompt: Prompt) -> Block:
    """The modal that asks for how much."""
    choices = [option(label, label) for label in LENGTHS]
    element = {"type": "static_select", "action_id": ACTION, "options": choices, "initial_option": choices[2]}
    return {
        "type": "modal",
        "callback_id": action_ids.MORE_TIME_MODAL,
        "private_metadata": prompt.id,
        "title": plain_text("More time"),
        "submit": plain_text("Extend"),
        "close": plain_text("Close"),
        "blocks": [
            section(mrkdwn(question_excerpt(prompt, SECTION_TEXT).text)),
            section(mrkdwn(deadline_of(prompt) or "It has no deadline.")),
            input_block(_MORE, "How much more", element, optional=False),
        ],
        # Responses keeps track of the open modals.
        "notify_on_close": True,
    }


def more_time(state_values: Mapping[str, Any]) -> timedelta | None:
    """What somebody has chosen in that modal; `None` if it makes no sense, since it comes from outside."""
    return LENGTHS.get(chosen(state_values, _MORE))


def more_time_error(message: str) -> dict[str, Any]:
    """The response to a submission of that modal that cannot be."""
    return {"response_action": "errors", "errors": {_MORE: message}}


def extended_notice(notice: Notice) -> tuple[str, list[Block]]:
    """The message in the thread. `detail` says `by` whom, and the moment `until` which."""
    question, until = asked_by(notice.prompt).question, datetime.fromisoformat(str(notice.detail["until"]))
    said = f"{escape(str(notice.detail['by']), _NAME)} has given this more time, until"
    return f"{escape(question, 300)} – {said} {utc(until)}.", [
        section(mrkdwn(f"⏳ {bold(question)} {said} {at(until)}."))
    ]


def snooze_buttons(prompt: Prompt) -> Block:
    """The buttons with which people put off their own reminders."""
    return buttons(
        [
            button("Remind me in an hour", action_ids.SNOOZE_HOUR, prompt.id),
            button("Remind me tomorrow", action_ids.SNOOZE_TOMORROW, prompt.id),
        ]
    )


def snoozed_until(action_id: str, now: datetime, zone: tzinfo) -> datetime:
    """When somebody wants to be reminded who has pressed one of these buttons."""
    if action_id != action_ids.SNOOZE_TOMORROW:
        return now + timedelta(hours=1)
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, _MORNING, tzinfo=zone).astimezone(now.tzinfo)


def snoozed(until: datetime) -> str:
    """What that person is told."""
    return f"You will be reminded of this {at(until)}, and not before. You can answer at any time."
