"""What an app answers to a command or posts to a `response_url`: messages, seen by one person or by all."""

from typing import Any

from signoff.bot.emulator.blocks.check import checked_content
from signoff.bot.emulator.blocks.content import Content
from signoff.bot.emulator.wire import Json, SlackError
from signoff.bot.emulator.workspace.directory import Conversation, User
from signoff.bot.emulator.workspace.response_urls import ResponseUrl
from signoff.bot.emulator.workspace.workspace import Workspace


def show_command_answer(workspace: Workspace, user: User, conversation: Conversation, answer: Json) -> None:
    """Show what the ack of a command carried."""
    content = _content(answer)
    if content.text or content.blocks:
        ephemeral_to = None if answer.get("response_type") == "in_channel" else user.id
        workspace.post_as_app(conversation.id, content, ephemeral_to=ephemeral_to)


def respond(workspace: Workspace, token: str, answer: Any) -> None:
    """Take a post to a `response_url`. Raises `used_url`, `expired_url`, `no_text` and what the blocks deserve."""
    if not isinstance(answer, dict):
        raise SlackError("invalid_payload")
    content = _content(answer)
    if not answer.get("delete_original") and not (content.text or content.blocks):
        raise SlackError("no_text")
    issued = workspace.response_urls.use(token)
    original = workspace.messages.find(issued.channel, issued.message_ts) if issued.message_ts else None
    if answer.get("delete_original"):
        if original is None:
            raise SlackError("message_not_found")
        workspace.messages.delete(original)
    elif answer.get("replace_original") and original is not None:
        workspace.messages.change(original, content)
    else:
        _post(workspace, issued, answer, content)


def _post(workspace: Workspace, issued: ResponseUrl, answer: Json, content: Content) -> None:
    ephemeral_to = None if answer.get("response_type") == "in_channel" else issued.user
    thread_ts = answer.get("thread_ts") or issued.thread_ts
    workspace.post_as_app(issued.channel, content, thread_ts=thread_ts, ephemeral_to=ephemeral_to)


def _content(answer: Json) -> Content:
    return checked_content(
        Content(
            text=answer.get("text") or "",
            blocks=answer.get("blocks"),
            attachments=answer.get("attachments"),
            metadata=answer.get("metadata"),
        )
    )
