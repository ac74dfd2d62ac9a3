"""The state of the workspace: what it starts with, what it keeps, and the app's manifest."""

import re
from pathlib import Path

import pytest

from signoff.bot.emulator.blocks.content import Content
from signoff.bot.emulator.events.inner_events import SCOPES
from signoff.bot.emulator.protocol import SlackError
from signoff.bot.emulator.workspace.directory import BOT_USER_ID
from signoff.bot.emulator.workspace.workspace import Workspace
from signoff.bot.manifest import SIGNOFF
from tests.unit.bot.emulator.samples import actions, button

MANIFEST = Path(__file__).parents[4] / "manifest.yml"


def test_a_fresh_workspace_has_people_and_channels(workspace: Workspace) -> None:
    """The first run needs nobody to be invited."""
    directory = workspace.directory
    assert [user.name for user in directory.users.values()] == ["ana", "ben", "chloe", "dmitri", "mei", "signoff"]
    channels = [conversation.name for conversation in directory.conversations.values()]
    assert channels == ["general", "releases", "orders", "data"]


@pytest.mark.parametrize("reference", ["@chloe", "chloe", "Chloé Martin", "chloe@example.com", "U0CHLOEM01"])
def test_a_person_is_found_by_any_name(reference: str, workspace: Workspace) -> None:
    """Tests may name people as they like."""
    assert workspace.directory.person(reference).title == "Purchasing"


def test_messages_survive_a_restart(tmp_path: Path) -> None:
    """Messages, threads, metadata and direct messages are there again; ephemeral messages are not."""
    first = Workspace(tmp_path / "slack.db")
    content = Content("Ship it?", blocks=[actions(button())], metadata={"event_type": "p", "event_payload": {"id": 1}})
    parent = first.post_as_app("C0RELEASE1", content)
    reply = first.post_as_app("C0RELEASE1", Content("Done"), thread_ts=parent.ts)
    gone = first.post_as_app("C0RELEASE1", Content("Away with it"))
    first.messages.delete(gone)
    first.post_as_app("C0RELEASE1", Content("Only you"), ephemeral_to="U0ANARUIZ1")
    direct = first.open_direct_messages("U0ANARUIZ1")
    first.close()

    second = Workspace(tmp_path / "slack.db")
    assert second.messages.in_channel("C0RELEASE1") == [parent, reply]
    assert second.messages.slack_json(parent)["reply_count"] == 1
    assert second.open_direct_messages("U0ANARUIZ1") == direct
    assert second.post_as_app("C0RELEASE1", Content("Next")).ts > reply.ts
    second.close()


def test_people_channels_and_groups_that_were_added_survive_a_restart(tmp_path: Path) -> None:
    """What a test or a demo added to the workspace stays."""
    first = Workspace(tmp_path / "slack.db")
    zoe = first.add_person("zoe", "Zoe Adler", "zoe@example.com")
    deploys = first.add_channel("deploys", is_private=True, members=frozenset({zoe.id}))
    group = first.add_group("deployers", "Deployers", (zoe.id,))
    first.close()

    second = Workspace(tmp_path / "slack.db")
    assert second.directory.person("zoe") == zoe
    assert zoe.id in second.directory.conversation("#general").members
    assert second.directory.conversation("#deploys") == deploys
    assert second.directory.groups[group.id] == group
    second.close()


def test_a_name_is_given_once(workspace: Workspace) -> None:
    """Two people or two channels of one name could not be told apart."""
    with pytest.raises(SlackError, match="name_taken"):
        workspace.add_person("ana", "Another Ana", "ana2@example.com")
    with pytest.raises(SlackError, match="name_taken"):
        workspace.add_channel("orders", is_private=False, members=frozenset())


def test_the_manifest_file_asks_for_what_the_emulator_grants() -> None:
    """`manifest.yml` and the emulator's app agree on names, scopes and commands."""
    text = MANIFEST.read_text()
    bot_scopes = text.partition("bot:\n")[2].partition("settings:")[0]
    assert set(re.findall(r"^ +- ([a-z.:]+)", bot_scopes, re.MULTILINE)) == SIGNOFF.scopes
    bot_events = text.partition("bot_events:\n")[2].partition("interactivity:")[0]
    assert set(re.findall(r"^ +- ([a-z_.]+)", bot_events, re.MULTILINE)) == SIGNOFF.events
    assert f"home_tab_enabled: {str(SIGNOFF.home_tab).lower()} " in text
    assert f"messages_tab_enabled: {str(SIGNOFF.messages_tab).lower()} " in text
    assert re.findall(r"command: (\S+)", text) == [command.command for command in SIGNOFF.commands]
    described = [*(each.description for each in SIGNOFF.shortcuts), *(each.description for each in SIGNOFF.commands)]
    assert re.findall(r"^ +description: (.*)", text, re.MULTILINE)[1:] == described
    shortcuts = re.findall(r"- name: (.*)\n +type: (\w+)\n +callback_id: (\w+)", text)
    assert shortcuts == [
        (each.name, "message" if each.of_message else "global", each.callback_id) for each in SIGNOFF.shortcuts
    ]
    assert re.findall(r'usage_hint: "(.*)"', text) == [c.usage_hint for c in SIGNOFF.commands if c.usage_hint]
    assert f"  name: {SIGNOFF.name}\n" in text
    assert f"display_name: {SIGNOFF.bot_name}\n" in text


def test_the_manifest_says_why_it_asks_for_each_scope() -> None:
    """Whoever installs the app is asked to grant each of them."""
    for scope in SIGNOFF.scopes:
        assert re.search(rf"^ +- {scope} # \w+", MANIFEST.read_text(), re.MULTILINE), scope


def test_the_manifest_has_a_scope_for_every_event() -> None:
    """Slack saves no subscription without one."""
    for event in SIGNOFF.events:
        assert not SCOPES[event] or SIGNOFF.scopes & SCOPES[event], event


def test_the_app_is_in_the_channels_it_is_used_in(workspace: Workspace) -> None:
    """It reads #releases at once; #general it would have to join first, as in a real workspace."""
    directory = workspace.directory
    assert BOT_USER_ID in directory.conversation("releases").members
    assert BOT_USER_ID not in directory.conversation("general").members
