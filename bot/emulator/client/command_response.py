"""Responses to commands and posts to a `response_url`: messages that one person or everybody sees."""

from typing import Any

from signoff.bot.emulator.blocks.content import Content
from signoff.bot.emulator.blocks.validation import checked_content
from signoff.bot.emulator.protocol import Json, SlackError
from signoff.bot.emulator.workspace.directory import Conversation, User
from signoff.bot.emulator.workspace.response_urls import ResponseUrl
from signoff.bot.emulator.workspace.workspace import Workspace


def show_command_response(workspace: Workspace, user: User, conversation: Conversation, response: Json) -> None:
    """Show the message in the ack of a command."""
    content = _content(response)
    if content.text or content.blocks:
        ephemeral_to = None if response.get("response_type") == "in_channel" else user.id
        workspace.post_as_app(conversation.id, content, ephemeral_to=ephemeral_to)


def respond(workspace: Workspace, token: str, response: Any) -> None:
    """Handle a post to a `response_url`. Raises `used_url`, `expired_url`, `no_text` and the errors of its blocks."""
    if not isinstance(response, dict):
        raise SlackError("invalid_payload")
    content = _content(response)
    if not response.get("delete_original") and not (content.text or content.blocks):
        raise SlackError("no_text")
    issued = workspace.response_urls.use(token)
    original = workspace.messages.find(issued.channel, issued.message_ts) if issued.message_ts else None
    if response.get("delete_original"):
        if original is None:
            raise SlackError("message_not_found")
        workspace.messages.delete(original)
    elif response.get("replace_original") and original is not None:
        workspace.messages.change(original, content)
    else:
        _post(workspace, issued, response, content)


def _post(workspace: Workspace, issued: ResponseUrl, response: Json, content: Content) -> None:
    ephemeral_to = None if response.get("response_type") == "in_channel" else issued.user
    thread_ts = response.get("thread_ts") or issued.thread_ts
    workspace.post_as_app(issued.channel, content, thread_ts=thread_ts, ephemeral_to=ephemeral_to)


def _content(response: Json) -> Content:
    return checked_content(
        Content(
            text=response.get("text") or "",
            blocks=response.get("blocks"),
            attachments=response.get("attachments"),
            metadata=response.get("metadata"),
        )
    )
