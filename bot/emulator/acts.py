"""What a person does in Slack's client, and what follows from the app's answer."""

from dataclasses import dataclass
from typing import Any

from bot.emulator import payloads, submission
from bot.emulator.blocks.objects import OPTION, OPTION_GROUP
from bot.emulator.blocks.schema import Items
from bot.emulator.blocks.walk import STATELESS, find_element
from bot.emulator.command_answer import show_command_answer
from bot.emulator.delivery import Ack, Delivery
from bot.emulator.directory import User
from bot.emulator.events import Notice
from bot.emulator.input_check import input_error
from bot.emulator.messages import Content, Message
from bot.emulator.state_values import initial_state, kept_state, merged_state
from bot.emulator.views import View
from bot.emulator.wire import Json, SlackError
from bot.emulator.workspace import Workspace

TROUBLE = "We had some trouble connecting. Try again?"
"""What Slack's client writes in a modal when the app failed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person acts: the source part of payloads, the blocks there, and what was entered in them."""

    source: Json
    blocks: list[Json]
    state: Json
    trigger_id: str


class Acts:
    """The acts of every person. Each waits for the app's ack and applies what it answers."""

    def __init__(self, workspace: Workspace, delivery: Delivery) -> None:
        self._workspace = workspace
        self._delivery = delivery
        # What a person has chosen in a message, with the blocks it was chosen in. Slack's client keeps it too.
        self._chosen: dict[tuple[str, str, str], tuple[list[Json], Json]] = {}

    async def press_in_message(
        self,
        user: User,
        channel: str,
        ts: str,
        action_id: str,
        block_id: str | None,
        value: Json | None,
        entered: Json | None = None,
    ) -> Ack | None:
        """Press a button or change a select. Raises `message_not_found`, `action_not_found`, `invalid_value`.

        `value` is the state value object of anything but a button, `entered` what stands in the other elements by now.
        """
        message = self._workspace.visible_message(user.id, channel, ts)
        blocks = message.content.blocks or []
        block, element = _found(blocks, action_id, block_id)
        state = merged_state(self._message_state(user, message), entered or {})
        action = self._action(block, element, value, state)
        if state:
            self._chosen[user.id, channel, ts] = (blocks, state)
        if _is_quiet(block):
            return None
        source = self._in_message(user, message, state)
        trigger_id = self._workspace.triggers.issue(user.id)
        payload = payloads.block_actions(user, source, action, trigger_id=trigger_id)
        ack = await self._delivery.deliver("block_actions", payload)
        if ack.error:
            self._notice(user, ack)
        return ack

    async def press_in_view(
        self,
        user: User,
        view_id: str,
        action_id: str,
        block_id: str | None,
        value: Json | None,
        entered: Json | None = None,
    ) -> Ack | None:
        """The same in a modal or a home tab."""
        view = self._own_view(user, view_id)
        block, element = _found(view.blocks, action_id, block_id)
        state = merged_state(view.state, entered or {})
        action = self._action(block, element, value, state)
        view = self._workspace.views.enter(view, state)
        if _is_quiet(block):
            return None
        trigger_id = self._workspace.triggers.issue(user.id, view.id)
        payload = payloads.block_actions(user, payloads.in_view(view), action, trigger_id=trigger_id)
        ack = await self._delivery.deliver("block_actions", payload)
        if ack.error:
            self._notice(user, ack, TROUBLE)
        return ack

    async def submit(self, user: User, view_id: str, values: Json) -> Ack:
        """Submit the top modal. Raises `invalid_input` with the client's own errors, before the app is asked."""
        view = self._top_view(user, view_id)
        if "submit" not in view.body:
            raise SlackError("no_submit")
        found = {
            label: await self.options_in_view(user, view.id, element["action_id"], block["block_id"], str(wanted))
            for label, (block, element), wanted in submission.external_lookups(view, values)
        }
        view = self._workspace.views.enter(view, submission.state_of(view, values, found, self._workspace))
        submission.check(view, self._workspace)
        response_urls = submission.response_urls(view, self._workspace)
        trigger_id = self._workspace.triggers.issue(user.id, view.id)
        payload = payloads.view_submission(user, view, trigger_id=trigger_id, response_urls=response_urls)
        ack = await self._delivery.deliver(
            "view_submission", payload, lambda answer: submission.apply(answer, view, self._workspace)
        )
        if ack.error:
            self._notice(user, ack, TROUBLE)
        return ack

    async def close(self, user: User, view_id: str) -> Ack | None:
        """Close the top modal. The app hears of it only when the view asked for that."""
        view = self._top_view(user, view_id)
        is_cleared = bool(view.body.get("clear_on_close"))
        if is_cleared:
            self._workspace.views.clear(user.id)
        else:
            self._workspace.views.close(view)
        if not view.body.get("notify_on_close"):
            return None
        return await self._delivery.deliver("view_closed", payloads.view_closed(user, view, is_cleared=is_cleared))

    async def command(self, user: User, channel: str, typed: str) -> Ack:
        """Type a slash command. Raises `unknown_command`."""
        command, _, text = typed.strip().partition(" ")
        conversation = self._workspace.directory.conversation(channel)
        if command not in {known.command for known in self._workspace.manifest.commands}:
            message = f"{command} is not a valid command."
            raise SlackError("unknown_command", message=message)
        payload = payloads.slash_command(
            user,
            conversation,
            command,
            text.strip(),
            trigger_id=self._workspace.triggers.issue(user.id),
            response_url=self._workspace.response_urls.issue(user.id, conversation.id),
        )
        ack = await self._delivery.deliver(
            "slash_command", payload, lambda answer: show_command_answer(self._workspace, user, conversation, answer)
        )
        if ack.error:
            name = "operation_timeout" if ack.error == "operation_timeout" else "dispatch_failed"
            self._notice(user, ack, f'{command} failed with the error "{name}"')
        return ack

    def say(self, user: User, channel: str, text: str, thread_ts: str | None) -> Message:
        """Post a message as a person. Raises `channel_not_found`, `is_archived`, `message_not_found`."""
        conversation = self._workspace.directory.conversation(channel)
        if not conversation.is_seen_by(user.id):
            raise SlackError("channel_not_found")
        if conversation.is_archived:
            raise SlackError("is_archived")
        if thread_ts:
            parent = self._workspace.messages.get(conversation.id, thread_ts)
            thread_ts = parent.thread_ts or parent.ts
        return self._workspace.messages.post(conversation.id, user.id, Content(text), thread_ts=thread_ts)

    async def options_in_view(
        self, user: User, view_id: str, action_id: str, block_id: str | None, query: str
    ) -> list[Json]:
        """What an external select of a view offers for a query, groups flattened."""
        return _flattened(await self.suggest_in_view(user, view_id, action_id, block_id, query))

    async def suggest_in_view(self, user: User, view_id: str, action_id: str, block_id: str | None, query: str) -> Json:
        """The app's answer for an external select of a view. Raises the delivery's error or `invalid_options`."""
        view = self._own_view(user, view_id)
        block, element = _found(view.blocks, action_id, block_id)
        return await self._suggest(payloads.block_suggestion(user, payloads.in_view(view), block, element, query))

    async def suggest_in_message(
        self, user: User, channel: str, ts: str, action_id: str, block_id: str | None, query: str
    ) -> Json:
        """The same for an external select of a message."""
        message = self._workspace.visible_message(user.id, channel, ts)
        block, element = _found(message.content.blocks or [], action_id, block_id)
        source = self._in_message(user, message, self._message_state(user, message))
        return await self._suggest(payloads.block_suggestion(user, source, block, element, query))

    async def _suggest(self, payload: Json) -> Json:
        ack = await self._delivery.deliver("block_suggestion", payload, _check_options)
        if ack.error:
            raise SlackError(ack.error, message=explanation(ack))
        return ack.response or {}

    def _message_state(self, user: User, message: Message) -> Json:
        blocks = message.content.blocks or []
        if known := self._chosen.get((user.id, message.channel, message.ts)):
            old_blocks, state = known
            return kept_state(blocks, state, old_blocks)
        return initial_state(blocks)

    def _in_message(self, user: User, message: Message, state: Json) -> Json:
        response_url = self._workspace.response_urls.issue(
            user.id, message.channel, message_ts=message.ts, thread_ts=message.thread_ts
        )
        return payloads.in_message(
            self._workspace.directory.conversation(message.channel),
            message,
            self._workspace.messages.wire(message),
            state,
            response_url,
        )

    def _action(self, block: Json, element: Json, value: Json | None, state: Json) -> Json:
        """The entry of `actions`, with the value entered into `state`. Raises `invalid_value`."""
        described: Json = {
            name: element[name] for name in ("text", "value", "style", "confirm", "placeholder") if name in element
        }
        action: dict[str, Any] = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            **described,
            "action_ts": f"{self._workspace.clock():.6f}",
        }
        if element["type"] == "overflow":
            if value is None or value.get("selected_option") not in element["options"]:
                raise SlackError("invalid_value")
            return action | {"selected_option": value["selected_option"]}
        if element["type"] in STATELESS:
            return action
        if value is None or input_error(element, value, self._workspace, optional=True):
            raise SlackError("invalid_value")
        state[block["block_id"]][element["action_id"]] = value
        return action | value

    def _own_view(self, user: User, view_id: str) -> View:
        view = self._workspace.views.get(view_id)
        if view.user != user.id:
            raise SlackError("not_found")
        return view

    def _top_view(self, user: User, view_id: str) -> View:
        view = self._own_view(user, view_id)
        stack = self._workspace.views.stack(user.id)
        if not stack or stack[-1].id != view.id:
            raise SlackError("not_on_top")
        return view

    def _notice(self, user: User, ack: Ack, text: str = "") -> None:
        self._workspace.announce(Notice(user.id, text or explanation(ack)))


def explanation(ack: Ack) -> str:
    """What Slack's client tells the person about a press that failed."""
    if ack.error == "operation_timeout":
        return "Operation timed out. Apps need to respond within 3 seconds."
    if ack.status:
        return f"This app responded with Status Code {ack.status}."
    return "This app is not connected right now."


def _check_options(answer: Json) -> None:
    options, groups = answer.get("options", []), answer.get("option_groups", [])
    faults = [*Items(OPTION, most=100).faults(options, ""), *Items(OPTION_GROUP, most=100).faults(groups, "")]
    if faults or not answer.keys() & {"options", "option_groups"}:
        raise SlackError("invalid_options")


def _found(blocks: list[Json], action_id: str, block_id: str | None) -> tuple[Json, Json]:
    if found := find_element(blocks, action_id, block_id):
        return found
    raise SlackError("action_not_found")


def _is_quiet(block: Json) -> bool:
    """Whether the app hears nothing before the modal is submitted."""
    return bool(block["type"] == "input" and not block.get("dispatch_action"))


def _flattened(answer: Json) -> list[Json]:
    return [*answer.get("options", []), *(o for group in answer.get("option_groups", []) for o in group["options"])]
