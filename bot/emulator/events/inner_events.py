"""Turns changes in the workspace into the inner events of the Events API, in Slack's form.

Fields and scopes come from docs.slack.dev/reference/events. Slack does not document what it sends when a message with
replies is deleted. Apps have logged a `message_changed` whose message is a tombstone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from signoff.bot.emulator.protocol import Json
from signoff.bot.emulator.workspace.changes import (
    AppUninstalled,
    Change,
    ConversationChanged,
    HomeOpened,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    ReactionChanged,
    UserChanged,
    UserGroupChanged,
)
from signoff.bot.emulator.workspace.directory import (
    APP_ID,
    BOT_ID,
    BOT_USER_ID,
    CREATED,
    TEAM_ID,
    Conversation,
    UserGroup,
)
from signoff.bot.emulator.workspace.workspace import Workspace

SCOPES: dict[str, frozenset[str]] = {
    "app_home_opened": frozenset(),
    "app_uninstalled": frozenset(),
    "channel_archive": frozenset({"channels:read"}),
    "channel_created": frozenset({"channels:read"}),
    "channel_rename": frozenset({"channels:read"}),
    "channel_unarchive": frozenset({"channels:read"}),
    "group_archive": frozenset({"groups:read"}),
    "group_rename": frozenset({"groups:read"}),
    "group_unarchive": frozenset({"groups:read"}),
    "member_joined_channel": frozenset({"channels:read", "groups:read"}),
    "member_left_channel": frozenset({"channels:read", "groups:read"}),
    "message.channels": frozenset({"channels:history"}),
    "message.groups": frozenset({"groups:history"}),
    "message.im": frozenset({"im:history"}),
    "message.mpim": frozenset({"mpim:history"}),
    "message_metadata_posted": frozenset({"metadata.message:read"}),
    "reaction_added": frozenset({"reactions:read"}),
    "reaction_removed": frozenset({"reactions:read"}),
    "subteam_created": frozenset({"usergroups:read"}),
    "subteam_members_changed": frozenset({"usergroups:read"}),
    "subteam_updated": frozenset({"usergroups:read"}),
    "team_join": frozenset({"users:read"}),
    "tokens_revoked": frozenset(),
    "user_change": frozenset({"users:read"}),
}
"""The supported events. Each needs any one of its scopes."""

NextTs = Callable[[], str]


@dataclass(frozen=True, slots=True)
class InnerEvent:
    """An event. `subscription` is its name in a manifest: `message.channels` if the body's type is `message`."""

    subscription: str
    body: Json


def inner_events(change: Change, workspace: Workspace, next_ts: NextTs) -> Iterator[InnerEvent]:
    """Yield the events for a change, as far as the app may see it. `next_ts` generates their timestamps."""
    match change:
        case MessagePosted(channel, message, None) if conversation := _joined(workspace, channel):
            yield from _message_posted(conversation, message)
        case MessageEdited(channel, message, previous, None) if conversation := _joined(workspace, channel):
            body = {"subtype": "message_changed", "message": message, "previous_message": previous}
            yield _hidden_message(conversation, body, next_ts())
        case MessageDeleted(channel, previous, None) if conversation := _joined(workspace, channel):
            body = {"subtype": "message_deleted", "deleted_ts": previous["ts"], "previous_message": previous}
            yield _hidden_message(conversation, body, next_ts())
        case ReactionChanged(channel, message) if _joined(workspace, channel):
            yield _reaction(change, message, next_ts())
        case HomeOpened(user, channel, tab, view):
            opened = {"user": user, "channel": channel, "tab": tab, **({"view": view} if view else {})}
            yield _event("app_home_opened", opened, next_ts())
        case ConversationChanged(conversation, previous, by) if not conversation.is_im:
            yield from _conversation_changed(conversation, previous, by, next_ts)
        case UserChanged(user, previous) if not user.is_stranger:
            with_email = "users:read.email" in workspace.manifest.scopes
            name = "user_change" if previous else "team_join"
            yield _event(name, {"user": user.slack_json(with_email=with_email)}, next_ts())
        case UserGroupChanged(group, previous):
            yield from _group_changed(group, previous, next_ts, int(workspace.clock()))
        case AppUninstalled():
            yield _event("tokens_revoked", {"tokens": {"oauth": [], "bot": [BOT_USER_ID]}}, next_ts())
            yield _event("app_uninstalled", {}, next_ts())


def _joined(workspace: Workspace, channel: str) -> Conversation | None:
    """The conversation, if the app is a member. It gets no messages of other conversations."""
    conversation = workspace.directory.conversation(channel)
    return conversation if BOT_USER_ID in conversation.members else None


def _message_posted(conversation: Conversation, message: Json) -> Iterator[InnerEvent]:
    metadata = message.get("metadata")
    body = _without_metadata(message) | _where(conversation) | {"event_ts": message["ts"]}
    yield InnerEvent(f"message.{conversation.kind}", body)
    if metadata:
        posted = {
            "app_id": APP_ID,
            "bot_id": BOT_ID,
            "user_id": message["user"],
            "team_id": TEAM_ID,
            "channel_id": conversation.id,
            "metadata": metadata,
            "message_ts": message["ts"],
        }
        yield _event("message_metadata_posted", posted, message["ts"])


def _hidden_message(conversation: Conversation, body: Json, ts: str) -> InnerEvent:
    inner = {name: _without_metadata(value) if isinstance(value, dict) else value for name, value in body.items()}
    shared = {"type": "message", "hidden": True, "ts": ts, "event_ts": ts}
    return InnerEvent(f"message.{conversation.kind}", shared | inner | _where(conversation))


def _reaction(change: ReactionChanged, message: Json, ts: str) -> InnerEvent:
    body = {
        "user": change.by,
        "reaction": change.name,
        "item_user": message["user"],
        "item": {"type": "message", "channel": change.channel, "ts": message["ts"]},
    }
    return _event("reaction_added" if change.is_added else "reaction_removed", body, ts)


def _without_metadata(message: Json) -> Json:
    """The message without metadata, for which Slack has separate events."""
    return {name: value for name, value in message.items() if name != "metadata"}


def _where(conversation: Conversation) -> Json:
    kind = {"channels": "channel", "groups": "group"}.get(conversation.kind, conversation.kind)
    return {"channel": conversation.id, "channel_type": kind}


def _conversation_changed(
    conversation: Conversation, previous: Conversation | None, by: str, next_ts: NextTs
) -> Iterator[InnerEvent]:
    if previous is None:
        if conversation.kind == "channels":
            made = {"id": conversation.id, "name": conversation.name, "created": CREATED, "creator": by}
            yield _event("channel_created", {"channel": made}, next_ts())
        return
    members = conversation.members | previous.members
    where = {"channel": conversation.id, "channel_type": "G" if conversation.is_private else "C", "team": TEAM_ID}
    if BOT_USER_ID in members:
        for user in sorted(conversation.members - previous.members):
            inviter = {} if by == user else {"inviter": by}
            yield _event("member_joined_channel", {"user": user, **where, **inviter}, next_ts())
        for user in sorted(previous.members - conversation.members):
            yield _event("member_left_channel", {"user": user, **where}, next_ts())
    if conversation.is_archived != previous.is_archived and conversation.is_seen_by(BOT_USER_ID):
        kind = "group" if conversation.is_private else "channel"
        name = f"{kind}_archive" if conversation.is_archived else f"{kind}_unarchive"
        yield _event(name, {"channel": conversation.id, "user": by}, next_ts())
    if conversation.name != previous.name and conversation.is_seen_by(BOT_USER_ID):
        renamed = {"id": conversation.id, "name": conversation.name, "created": CREATED}
        kind = "group" if conversation.is_private else "channel"
        yield _event(f"{kind}_rename", {"channel": renamed}, next_ts())


def _group_changed(group: UserGroup, previous: UserGroup | None, next_ts: NextTs, now: int) -> Iterator[InnerEvent]:
    subteam = group.slack_json(with_users=True)
    yield _event("subteam_updated" if previous else "subteam_created", {"subteam": subteam}, next_ts())
    before, after = set(previous.users) if previous else set(), set(group.users)
    if previous and before != after:
        changed = {
            "subteam_id": group.id,
            "team_id": TEAM_ID,
            "date_previous_update": now,
            "date_update": now,
            "added_users": sorted(after - before),
            "added_users_count": len(after - before),
            "removed_users": sorted(before - after),
            "removed_users_count": len(before - after),
        }
        yield _event("subteam_members_changed", changed, next_ts())


def _event(name: str, body: Json, ts: str) -> InnerEvent:
    return InnerEvent(name, {"type": name, **body, "event_ts": ts})
