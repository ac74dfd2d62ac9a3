"""What people do in Slack's client, and the effects of the app's response."""

from signoff.bot.emulator.blocks.content import Content
from signoff.bot.emulator.blocks.objects import OPTION, OPTION_GROUP, all_options
from signoff.bot.emulator.blocks.returned import returned
from signoff.bot.emulator.blocks.schema import Array
from signoff.bot.emulator.blocks.walk import STATELESS
from signoff.bot.emulator.client import payloads, submission
from signoff.bot.emulator.client.command_response import show_command_response
from signoff.bot.emulator.client.containers import Containers, Target
from signoff.bot.emulator.client.input_check import input_error
from signoff.bot.emulator.client.interaction_result import CONNECTION_TROUBLE, InteractionResult, error_message
from signoff.bot.emulator.delivery.delivery import Ack, Delivery
from signoff.bot.emulator.protocol import Json, SlackError
from signoff.bot.emulator.workspace.changes import Notice
from signoff.bot.emulator.workspace.directory import Conversation, User
from signoff.bot.emulator.workspace.messages import Message
from signoff.bot.emulator.workspace.state_values import merged_state
from signoff.bot.emulator.workspace.workspace import Workspace

TYPED = frozenset({"plain_text_input", "number_input", "email_text_input", "url_text_input"})
"""Elements that people type text into, which is seldom complete after the first character."""


class Interactions:
    """Sends the app what people do, waits for its ack and applies its response."""

    def __init__(self, workspace: Workspace, delivery: Delivery) -> None:
        self._workspace = workspace
        self._delivery = delivery
        self._containers = Containers(workspace)

    async def press(self, user: User, target: Target, value: Json | None, entered: Json) -> InteractionResult:
        """Press a button or change another element.

        `value` is the new state value object of an element other than a button, `entered` the state of the others.
        The app hears nothing of typed text that the client would not submit; the person is told when they submit.
        Raises `not_found`, `message_not_found`, `action_not_found`, `invalid_value`, `unknown_input`.
        """
        container = self._containers.find(user, target)
        block, element = target.found_in(container.blocks)
        if user.id not in element.get("visible_to_user_ids", [user.id]):
            raise SlackError("action_not_found")
        # The client has the options as the server returned them.
        value, entered = returned(value), returned(entered)
        state = merged_state(container.state, entered)
        is_unfinished = self._is_unfinished(element, value)
        action = {} if is_unfinished else self._action(block, element, value)
        if element["type"] not in STATELESS:
            state[block["block_id"]][element["action_id"]] = value
        container.enter(state)
        if is_unfinished or (block["type"] == "input" and not block.get("dispatch_action")):
            return InteractionResult(None)  # the app gets the value with the submission
        trigger_id = self._workspace.triggers.issue(user.id, target.view_id)
        payload = payloads.block_actions(user, container.payload_fields(), action, trigger_id=trigger_id)
        ack = await self._delivery.deliver("block_actions", payload)
        return self._result(user, ack, CONNECTION_TROUBLE if target.view_id else error_message(ack))

    async def submit(self, user: User, view_id: str, values: Json) -> InteractionResult:
        """Submit the top modal. Raises `invalid_input` with the client's errors before anything is sent to the app."""
        view = self._containers.view_on_top(user, view_id)
        if "submit" not in view.body:
            raise SlackError("no_submit")
        options = {
            label: all_options(await self.suggest(user, target, wanted))
            for label, target, wanted in submission.external_lookups(view, values)
        }
        view = self._workspace.views.enter(view, submission.state_of(view, values, options, self._workspace))
        submission.check(view, self._workspace)
        response_urls = submission.response_urls(view, self._workspace)
        trigger_id = self._workspace.triggers.issue(user.id, view.id)
        payload = payloads.view_submission(user, view, trigger_id=trigger_id, response_urls=response_urls)
        ack = await self._delivery.deliver(
            "view_submission", payload, lambda response: submission.apply(response, view, self._workspace)
        )
        return self._result(user, ack, CONNECTION_TROUBLE)

    async def close(self, user: User, view_id: str) -> InteractionResult:
        """Close the top modal. The app is told only if the view has `notify_on_close`."""
        view = self._containers.view_on_top(user, view_id)
        is_cleared = bool(view.body.get("clear_on_close"))
        if is_cleared:
            self._workspace.views.clear(user.id)
        else:
            self._workspace.views.close(view)
        if not view.body.get("notify_on_close"):
            return InteractionResult(None)
        payload = payloads.view_closed(user, view, is_cleared=is_cleared)
        return self._result(user, await self._delivery.deliver("view_closed", payload), CONNECTION_TROUBLE)

    async def command(self, user: User, channel: str, typed: str) -> InteractionResult:
        """Type a slash command. Raises `unknown_command`."""
        command, _, text = typed.strip().partition(" ")
        conversation = self._workspace.conversation_for(user.id, channel)
        # The commands of an app are for the workspace in which it is installed.
        if user.is_stranger or command not in {known.command for known in self._workspace.manifest.commands}:
            raise SlackError("unknown_command", message=f"{command} is not a valid command.")
        payload = payloads.slash_command(
            user,
            conversation,
            command,
            text.strip(),
            trigger_id=self._workspace.triggers.issue(user.id),
            response_url=self._workspace.response_urls.issue(user.id, conversation.id),
        )
        ack = await self._delivery.deliver(
            "slash_command",
            payload,
            lambda response: show_command_response(self._workspace, user, conversation, response),
        )
        name = "operation_timeout" if ack.error == "operation_timeout" else "dispatch_failed"
        return self._result(user, ack, f'{command} failed with the error "{name}"')

    async def shortcut(self, user: User, callback_id: str, channel: str | None, ts: str | None) -> InteractionResult:
        """Choose a shortcut: in the menu of a message, or without one a global one.

        Raises `unknown_shortcut` if the app has none of this kind, and `message_not_found`.
        """
        wanted = (callback_id, ts is not None)
        known = {(each.callback_id, each.of_message) for each in self._workspace.manifest.shortcuts}
        # The shortcuts of an app are for the workspace in which it is installed.
        if user.is_stranger or wanted not in known:
            raise SlackError("unknown_shortcut", message=f"There is no shortcut {callback_id}.")
        trigger_id, action_ts = self._workspace.triggers.issue(user.id), f"{self._workspace.clock():.6f}"
        if ts is None:
            payload = payloads.shortcut(user, callback_id, trigger_id=trigger_id, action_ts=action_ts)
        else:
            message = self._workspace.visible_message(user.id, channel or "", ts)
            if message.ephemeral_to is not None:
                raise SlackError("message_not_found")
            payload = payloads.message_shortcut(
                user,
                callback_id,
                self._workspace.directory.conversation(message.channel),
                self._workspace.messages.slack_json(message),
                trigger_id=trigger_id,
                action_ts=action_ts,
                response_url=self._workspace.response_urls.issue(
                    user.id, message.channel, message_ts=message.ts, thread_ts=message.thread_ts
                ),
            )
        ack = await self._delivery.deliver("shortcut" if ts is None else "message_action", payload)
        return self._result(user, ack, CONNECTION_TROUBLE)

    async def suggest(self, user: User, target: Target, query: str) -> Json:
        """Ask the app for the `options` or `option_groups` of an external select.

        Raises the delivery's error, or `invalid_options`.
        """
        container = self._containers.find(user, target)
        block, element = target.found_in(container.blocks)
        payload = payloads.block_suggestion(user, container.payload_fields(), block, element, query)
        ack = await self._delivery.deliver("block_suggestion", payload, _check_options)
        if ack.error:
            raise SlackError(ack.error, message=error_message(ack))
        options: Json = returned(ack.response or {})
        return options

    def say(self, user: User, channel: str, text: str, thread_ts: str | None) -> Message:
        """Post a message as a person. Raises `channel_not_found`, `is_archived`, `message_not_found`."""
        conversation = self._workspace.conversation_for(user.id, channel)
        if conversation.is_archived:
            raise SlackError("is_archived")
        if thread_ts:
            parent = self._workspace.messages.get(conversation.id, thread_ts)
            thread_ts = parent.thread_ts or parent.ts
        return self._workspace.messages.post(conversation.id, user.id, Content(text), thread_ts=thread_ts)

    def edit(self, user: User, channel: str, ts: str, text: str) -> Message:
        """Edit a message. Raises `is_archived`, and `cant_update_message` for another person's message."""
        message = self._workspace.visible_message(user.id, channel, ts)
        if self._workspace.directory.conversation(message.channel).is_archived:
            raise SlackError("is_archived")
        if message.user != user.id:
            raise SlackError("cant_update_message")
        return self._workspace.messages.change(message, Content(text))

    def delete(self, user: User, channel: str, ts: str) -> None:
        """Delete a message. Raises `cant_delete_message` for another person's, except for administrators."""
        message = self._workspace.visible_message(user.id, channel, ts)
        if message.is_tombstone or not (user.is_admin or message.user == user.id):
            raise SlackError("cant_delete_message")
        self._workspace.messages.delete(message)

    def open_direct(self, user: User, other: User) -> Conversation:
        """Open the direct messages with the app, in its messages tab, or with a person."""
        if other.is_bot and self._workspace.manifest.messages_tab:
            self._workspace.open_home(user.id, "messages")
        return self._workspace.open_direct_messages(user.id, other.id)

    def react(self, user: User, channel: str, ts: str, name: str) -> Message:
        """Add an emoji to a message. Raises what `Messages.react` does, and `is_archived`."""
        return self._workspace.messages.react(self._reactable(user, channel, ts), name, user.id)

    def remove_reaction(self, user: User, channel: str, ts: str, name: str) -> Message:
        """Remove an emoji that this person added to a message. Raises `no_reaction` and `is_archived`."""
        return self._workspace.messages.remove_reaction(self._reactable(user, channel, ts), name, user.id)

    def _is_unfinished(self, element: Json, value: Json | None) -> bool:
        """Whether somebody is still typing what the client would not submit."""
        if element["type"] not in TYPED or value is None or value.get("type") != element["type"]:
            return False
        return input_error(element, value, self._workspace, optional=True) is not None

    def _reactable(self, user: User, channel: str, ts: str) -> Message:
        message = self._workspace.visible_message(user.id, channel, ts)
        if self._workspace.directory.conversation(message.channel).is_archived:
            raise SlackError("is_archived")
        return message

    def _action(self, block: Json, element: Json, value: Json | None) -> Json:
        """The entry in the payload's `actions`. Raises `invalid_value`."""
        action: Json = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            **{name: element[name] for name in payloads.REPEATED_FIELDS if name in element},
            "action_ts": f"{self._workspace.clock():.6f}",
        }
        if element["type"] == "overflow":
            if value is None or value.get("selected_option") not in element["options"]:
                raise SlackError("invalid_value")
            return action | {"selected_option": value["selected_option"]}
        if element["type"] == "feedback_buttons":
            return action | _chosen_feedback(element, value)
        if element["type"] in STATELESS:
            return action
        if value is None or input_error(element, value, self._workspace, optional=True):
            raise SlackError("invalid_value")
        return action | value

    def _result(self, user: User, ack: Ack, failure_text: str) -> InteractionResult:
        if ack.error is None:
            return InteractionResult(ack)
        self._workspace.notify(Notice(user.id, failure_text))
        return InteractionResult(ack, failure_text)


def _chosen_feedback(element: Json, value: Json | None) -> Json:
    """The text and value of the feedback button with this value. Raises `invalid_value`."""
    for button in (element["positive_button"], element["negative_button"]):
        if value is not None and value.get("value") == button["value"]:
            return {name: button[name] for name in ("text", "value")}
    raise SlackError("invalid_value")


def _check_options(response: Json) -> None:
    options, groups = response.get("options", []), response.get("option_groups", [])
    faults = [
        *Array(OPTION, max_items=100).violations(options, ""),
        *Array(OPTION_GROUP, max_items=100).violations(groups, ""),
    ]
    if faults or not response.keys() & {"options", "option_groups"}:
        raise SlackError("invalid_options")
