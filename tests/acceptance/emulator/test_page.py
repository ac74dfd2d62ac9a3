"""What the emulator's page promises to the person who uses it, in a real browser against the real server."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from signoff.testing import Emulator
from tests.acceptance.emulator.conftest import OpenAs
from tests.acceptance.emulator.form_app import FormApp, button, plain
from tests.support.ports import reserved_port

pytestmark = pytest.mark.browser

LONG_WORD = "a" * 400
WIDE_TABLE = "| " + " | ".join(f"column_{n}" for n in range(12)) + " |\n" + "|---" * 12 + "|\n" + "| value " * 12 + "|"


def write(page: Page, text: str) -> None:
    """Type something into the composer and send it."""
    page.get_by_role("combobox", name="Message #").fill(text)
    page.keyboard.press("Enter")


def test_the_page_acts_as_the_person_that_was_chosen(workspace: Emulator, open_as: OpenAs, channel: str) -> None:
    """The address names the person at first; the switch changes it, and a reload keeps the choice."""
    page = open_as("ben")
    write(page, "Hello from Ben")
    page.get_by_role("button", name="Acting as Ben Okafor").click()
    page.get_by_role("menuitemradio", name="Ana Ruiz").click()
    write(page, "Hello from Ana, @ben")
    expect(page.get_by_role("listitem").filter(has_text="Hello from Ana, @Ben Okafor")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Acting as Ana Ruiz")).to_be_visible()
    said = [(message.user, message.text) for message in workspace.person("ana").sees(channel)]
    ana, ben = workspace.person("ana").id, workspace.person("ben").id
    assert said == [(ben, "Hello from Ben"), (ana, f"Hello from Ana, <@{ben}>")]


def test_an_ephemeral_message_is_seen_by_its_person_only(
    workspace: Emulator, app: FormApp, open_as: OpenAs, channel: str
) -> None:
    """It is marked as such on that person's page, and never reaches anybody else's."""
    page = open_as("ana")
    app.client.chat_postEphemeral(channel=channel, user=workspace.person("ana").id, text="Only Ben may answer")
    app.post(channel, "For everybody")
    expect(page.get_by_text("Only visible to you")).to_be_visible()
    expect(page.get_by_text("Only Ben may answer")).to_be_visible()
    page = open_as("ben")
    expect(page.get_by_text("For everybody")).to_be_visible()
    expect(page.get_by_text("Only Ben may answer")).to_have_count(0)


def test_an_administrator_deletes_a_card(app: FormApp, open_as: OpenAs, channel: str) -> None:
    """After a confirmation. Somebody else can delete only their own messages."""
    app.post(channel, "Release?")
    page = open_as("ben")
    write(page, "Not yet")
    card, own = (page.get_by_role("listitem").filter(has_text=text) for text in ("Release?", "Not yet"))
    card.hover()
    expect(card.get_by_role("button", name="Reply in thread")).to_be_visible()
    expect(card.get_by_role("button", name="Delete")).to_have_count(0)
    own.hover()
    own.get_by_role("button", name="Delete").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    expect(own).to_have_count(0)
    page = open_as("ana")
    card.hover()
    card.get_by_role("button", name="Delete").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Cancel").click()
    card.hover()
    card.get_by_role("button", name="Delete").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    expect(card).to_have_count(0)


def test_a_deleted_message_with_replies_leaves_a_tombstone(
    workspace: Emulator, app: FormApp, open_as: OpenAs, channel: str
) -> None:
    """Its thread can still be read."""
    ts = app.post(channel, "Release?")
    workspace.person("ben").say("Not yet", in_=channel, thread_ts=ts)
    page = open_as("ana")
    app.client.chat_delete(channel=channel, ts=ts)
    tombstone = page.get_by_role("listitem").filter(has_text="This message was deleted.")
    expect(tombstone.get_by_text("Slackbot")).to_be_visible()
    tombstone.get_by_role("button", name="1 reply").click()
    expect(page.get_by_role("complementary").or_(page.locator("#thread")).get_by_text("Not yet").first).to_be_visible()


def test_a_message_follows_its_changes(app: FormApp, open_as: OpenAs, channel: str) -> None:
    """An updated card loses its buttons, a deleted one vanishes, and the others stay where they were."""
    page = open_as("ana")
    ts = app.post(channel, "Release?", {"type": "actions", "elements": [button("Approve", "count")]})
    other = app.post(channel, "Another message")
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    app.client.chat_update(channel=channel, ts=ts, text="Approved", blocks=[{"type": "header", "text": plain("Done")}])
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    app.client.chat_delete(channel=channel, ts=ts)
    expect(page.locator(f"[data-ts='{ts}']")).to_have_count(0)
    expect(page.locator(f"[data-ts='{other}']")).to_be_visible()


def test_what_people_write_is_text_and_nothing_else(app: FormApp, open_as: OpenAs, channel: str) -> None:
    """Markup in a message is shown as it was typed; links that a browser should not follow are no links."""
    page = open_as("ana")
    write(page, "<img src=x onerror=alert(1)> <!channel> & `code`")
    app.post(channel, "<javascript:alert(1)|press me> <https://example.com|a page>")
    expect(page.get_by_text("<img src=x onerror=alert(1)> <!channel> &")).to_be_visible()
    expect(page.get_by_role("link", name="a page")).to_have_attribute("href", "https://example.com")
    expect(page.get_by_text("press me")).to_be_visible()
    expect(page.get_by_role("link", name="press me")).to_have_count(0)
    expect(page.locator(".message img")).to_have_count(0)


def test_replies_stand_in_the_thread(app: FormApp, open_as: OpenAs, channel: str) -> None:
    """The message counts its replies, the count opens the thread, and what is written there is a reply."""
    page = open_as("ana")
    ts = app.post(channel, "A question")
    app.client.chat_postMessage(channel=channel, text="First answer", thread_ts=ts)
    expect(page.get_by_text("First answer")).to_have_count(0)
    page.get_by_role("button", name="1 reply").click()
    thread = page.get_by_role("complementary", name="Thread")
    expect(thread.get_by_text("First answer")).to_be_visible()
    page.get_by_role("combobox", name="Reply…").fill("Second answer")
    page.keyboard.press("Enter")
    expect(thread.get_by_text("Second answer")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("button", name="2 replies")).to_be_visible()
    thread.get_by_role("button", name="Close the thread").click()
    expect(thread).to_have_count(0)


def test_a_press_counts_though_its_message_changes_meanwhile(
    workspace: Emulator, app: FormApp, open_as: OpenAs, channel: str
) -> None:
    """The message is drawn anew once the button is up again: a click ends on what it began on."""
    page = open_as("ana")
    ts = app.post(channel, "A question")
    app.client.chat_postMessage(channel=channel, text="First answer", thread_ts=ts)
    page.get_by_role("button", name="1 reply").hover()
    page.mouse.down()
    app.client.chat_postMessage(channel=channel, text="Second answer", thread_ts=ts)
    # The page hears of one after the other.
    workspace.person("ben").say("@ana, look", in_="general")
    expect(page.get_by_role("button", name="general")).to_contain_text("unread")
    page.mouse.up()
    expect(page.get_by_role("complementary", name="Thread").get_by_text("Second answer")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("button", name="2 replies")).to_be_visible()


def test_slash_commands_are_completed_and_sent(app: FormApp, open_as: OpenAs) -> None:
    """A slash lists the app's commands, Enter completes and then sends, and the answer appears."""
    page = open_as("ana")
    page.get_by_role("combobox", name="Message #").press_sequentially("/app")
    expect(page.get_by_role("option", name="/approvals")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.type("mine")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Two prompts wait")).to_be_visible()
    command = app.acted()
    assert (command["command"], command["text"]) == ("/approvals", "mine")


def test_a_refused_command_comes_back_into_the_composer(open_as: OpenAs) -> None:
    """A command that nobody knows is refused with its reason, and what was typed is not lost."""
    page = open_as("ana")
    write(page, "/nothing here")
    expect(page.get_by_role("alert")).to_contain_text("/nothing is not a valid command.")
    expect(page.get_by_role("combobox", name="Message #")).to_have_value("/nothing here")


def test_a_press_that_needs_a_confirmation_asks_first(app: FormApp, open_as: OpenAs, channel: str) -> None:
    """Denied, the app hears nothing; confirmed, it hears of it once."""
    confirm = {"title": plain("Sure?"), "text": plain("It ships."), "confirm": plain("Ship"), "deny": plain("No")}
    actions = {"type": "actions", "elements": [button("Deploy", "count", style="danger", confirm=confirm)]}
    app.post(channel, "Deploy?", actions)
    page = open_as("ana")
    page.get_by_role("button", name="Deploy").click()
    page.get_by_role("alertdialog", name="Sure?").get_by_role("button", name="No").click()
    expect(page.get_by_role("button", name="Deploy")).to_be_focused()
    assert app.has_heard_nothing()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Ship").click()
    assert app.acted()["actions"][0]["action_id"] == "count"


def test_a_menu_and_a_select_in_a_message_tell_the_app(app: FormApp, open_as: OpenAs, channel: str) -> None:
    """A choice from an overflow menu, by keyboard, and one from a select arrive as actions."""
    options = [{"text": plain(name), "value": name.lower()} for name in ("History", "Hand over")]
    menu = {"type": "overflow", "action_id": "count", "options": options}
    select = {"type": "static_select", "action_id": "count", "placeholder": plain("Team"), "options": options}
    app.post(channel, "Card", {"type": "section", "text": plain("Card"), "accessory": menu})
    app.post(channel, "Card", {"type": "actions", "elements": [select]})
    page = open_as("ana")
    page.get_by_role("button", name="More actions").focus()
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    assert app.acted()["actions"][0]["selected_option"] == options[1]
    page.get_by_role("combobox", name="Team").click()
    page.get_by_role("option", name="History").click()
    assert app.acted()["actions"][0]["selected_option"] == options[0]


def test_an_app_that_does_not_answer_is_told_to_the_person(
    workspace: Emulator, app: FormApp, open_as: OpenAs, channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A press that is not acknowledged ends in a notice, said once, and the button can be pressed again."""
    monkeypatch.setattr(workspace._delivery, "_ack_limit", 3.0)
    app.post(channel, "Deaf", {"type": "actions", "elements": [button("Press", "deaf")]})
    page = open_as("ana")
    page.get_by_role("button", name="Press").click()
    expect(page.get_by_role("button", name="Press")).to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("alert")).to_contain_text("Operation timed out.")
    expect(page.get_by_role("button", name="Press")).not_to_have_attribute("aria-busy", "true")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_narrow_screen(scheme: str, app: FormApp, open_as: OpenAs, channel: str) -> None:
    """At 390 pixels neither the page nor the list nor a thread scrolls sideways, whatever a message holds."""
    long = {"type": "section", "text": plain(LONG_WORD), "fields": [plain(LONG_WORD), plain("short")]}
    ts = app.post(channel, "Wide", long, {"type": "markdown", "text": f"```\n{LONG_WORD}\n```\n\n{WIDE_TABLE}"})
    app.client.chat_postMessage(channel=channel, text=LONG_WORD, thread_ts=ts)
    page = open_as("ana")
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    expect(page.get_by_role("button", name="1 reply")).to_be_visible()
    assert sideways(page) == []
    page.get_by_role("button", name="1 reply").click()
    expect(page.get_by_role("complementary", name="Thread")).to_be_visible()
    assert sideways(page) == []
    page.get_by_role("button", name="Close the thread").click()
    page.get_by_role("button", name="Open the sidebar").click()
    expect(page.get_by_role("navigation", name="Workspace")).to_be_in_viewport()
    assert sideways(page) == []


def sideways(page: Page) -> list[str]:
    """What can be scrolled sideways, apart from tables and code, which may."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("html, body, .scroller, .sidebar__scroll, .modal__body")]
            .filter((node) => node.scrollWidth > node.clientWidth).map((node) => node.className || node.tagName)"""
    )
    return found


def test_the_page_comes_back_after_the_workspace_was_away(page: Page, tmp_path: Path) -> None:
    """It says that it reconnects, does so by itself, and shows what was written meanwhile."""
    with reserved_port() as port:
        with Emulator(port, path=tmp_path / "w.slack") as first:
            page.goto(f"{first.url}/#as={first.person('ana').id}&channel=C0GENERAL1")
            expect(page.get_by_text("Signoff is not connected")).to_be_visible()
        expect(page.get_by_text("Reconnecting…")).to_be_visible()
        with Emulator(port, path=tmp_path / "w.slack") as second:
            second.person("ben").say("Back again")
            expect(page.get_by_text("Back again")).to_be_visible()
            expect(page.get_by_text("Signoff is not connected")).to_be_visible()


def test_people_are_written_to_and_the_app_too(workspace: Emulator, open_as: OpenAs) -> None:
    """Every row of the sidebar opens something: each person's direct messages, and the app's."""
    page = open_as("ana")
    sidebar = page.get_by_role("navigation")
    sidebar.get_by_role("button", name="Dmitri Sokolov").click()
    expect(page.get_by_role("heading", name="Dmitri Sokolov", level=1)).to_be_visible()
    page.get_by_role("combobox", name="Message Dmitri Sokolov").fill("Can you sign?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("listitem").filter(has_text="Can you sign?")).to_be_visible()
    assert [message.text for message in workspace.person("dmitri").sees("@ana")] == ["Can you sign?"]
    sidebar.get_by_role("button", name="Signoff").click()
    expect(page.get_by_role("heading", name="Signoff", level=1)).to_be_visible()
    workspace.client.events("app_home_opened", at_least=1)
    workspace.person("dmitri").say("I can", in_="@ana")
    expect(sidebar.get_by_role("button", name="Dmitri Sokolov 1 unread")).to_be_visible()
    expect(sidebar.locator("li:not(:has(button))")).to_have_count(0)


def test_only_mentions_and_direct_messages_get_a_red_badge(
    workspace: Emulator, app: FormApp, open_as: OpenAs, channel: str
) -> None:
    """What else is unread makes its channel bold, which screen readers are told. Replies do not."""
    name = "room-for-badges"
    other = workspace.client.add_channel(name)
    ana, ben = workspace.person("ana"), workspace.person("ben")
    page = open_as("ana")
    row = page.get_by_role("navigation").get_by_role("button", name=name)
    first = ben.say("Good morning", in_=other)
    expect(row).to_have_accessible_name(f"{name} unread")
    expect(row.locator(".count")).to_have_count(0)
    app.post(other, f"May it go out? <@{ana.id}>")
    expect(row).to_have_accessible_name(f"{name} 1 mention")
    ben.say("<!subteam^S0RELEASE1> please", in_=other, thread_ts=first.ts)
    expect(row).to_have_accessible_name(f"{name} 2 mentions")
    expect(page).to_have_title(re.compile(r"^\(\d+\) "))
    row.click()
    expect(row).to_have_accessible_name(name)
    expect(page.get_by_role("heading", name=name, exact=True, level=1)).to_be_visible()
    page.get_by_role("navigation").get_by_role("button", name=workspace_name(workspace, channel)).click()
    ben.say("Nothing for Ana", in_=other, thread_ts=first.ts)
    ben.say("Nor here", in_=channel)
    expect(page.get_by_text("Nor here")).to_be_visible()
    expect(row).to_have_accessible_name(name)


def test_emoji_are_added_and_taken_back(workspace: Emulator, app: FormApp, open_as: OpenAs, channel: str) -> None:
    """By mouse and keyboard, and each says who added it. One of the app's that the page cannot draw is named."""
    ts = app.post(channel, "It is out")
    ben = workspace.person("ben")
    page = open_as("ana")
    message = page.get_by_role("listitem").filter(has_text="It is out")
    message.get_by_role("button", name="React to the message from Signoff").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    mine = message.get_by_role("button", name="thumbsup: 1, from you")
    expect(mine).to_have_attribute("aria-pressed", "true")
    [seen] = ben.sees(channel)
    assert (seen.ts, seen.reactions) == (ts, {"thumbsup": [workspace.person("ana").id]})
    ben.react(ben.react(seen, "thumbsup"), "ship_it_parrot")
    both = message.get_by_role("button", name="thumbsup: 2, from Ben Okafor and you")
    both.click()
    expect(message.get_by_role("button", name="thumbsup: 1, from Ben Okafor")).to_have_attribute(
        "aria-pressed", "false"
    )
    expect(message.get_by_role("button", name="ship it parrot: 1")).to_contain_text(":ship_it_parrot:")


def test_search_finds_messages_and_jumps_to_them(
    workspace: Emulator, app: FormApp, open_as: OpenAs, channel: str
) -> None:
    """In texts, blocks and replies, but nowhere that the person may not look. A permalink jumps as well."""
    quartz = {"type": "section", "text": {"type": "mrkdwn", "text": "The *quartz* watch <script>alert(1)</script>"}}
    ts = app.post(channel, "A card", quartz)
    app.client.chat_postMessage(channel=channel, text="Quartz, in a reply", thread_ts=ts)
    workspace.person("ben").say("Quartz between us", in_="@mei")
    for number in range(30):
        app.post(channel, f"Message {number}")
    page = open_as("ana")
    expect(page.get_by_text("Message 29")).to_be_visible()
    page.keyboard.press("Control+g")
    search = page.get_by_role("dialog", name="Search")
    page.keyboard.type("quartz")
    expect(search.get_by_role("status")).to_have_text("2 messages")
    expect(search.get_by_role("button").filter(has_text="watch")).to_contain_text("<script>alert(1)</script>")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(search).to_have_count(0)
    card = page.locator(f".channel [data-ts='{ts}']")
    expect(card).to_be_focused()
    expect(card).to_be_in_viewport()
    page.get_by_role("button", name="Search messages").click()
    page.keyboard.type("reply quartz")
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary", name="Thread").get_by_text("Quartz, in a reply")).to_be_visible()
    page.keyboard.press("Control+g")
    page.keyboard.type("nothing like this")
    expect(page.get_by_role("dialog", name="Search").get_by_role("status")).to_have_text("No messages found.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.goto("about:blank")
    page.goto(str(app.client.chat_getPermalink(channel=channel, message_ts=ts)["permalink"]))
    expect(card).to_be_in_viewport()
    expect(card).to_be_focused()


def workspace_name(workspace: Emulator, channel: str) -> str:
    """The name of a channel, by its id."""
    channels = workspace.client.get("workspace")["channels"]
    return next(str(each["name"]) for each in channels if each["id"] == channel)
