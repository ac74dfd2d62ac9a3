"""`signoff demo` as a newcomer meets it: the real command, its page in a real browser, a person's acts."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import update

from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.tables import prompts
from signoff.testing import Emulator
from tests.acceptance.command import Command

pytestmark = pytest.mark.browser

LUNCH = """
from datetime import timedelta

from signoff import FlowPauseTimeout, Policy, RunInput, flow, pause_flow_run


class Lunch(RunInput):
    hungry: bool


SOON = Policy(
    channel="#orders",
    approvers=["@ana"],
    deadline=timedelta(hours=1),
    reminders=[timedelta(seconds=1)],
)


@flow
def lunch() -> str:
    try:
        pause_flow_run(wait_for_input=Lunch, policy=SOON)
    except FlowPauseTimeout:
        return "No lunch today."
    return "Lunch is ordered."
"""
"""A question that is reminded of within a test's patience."""

REPLIES = re.compile(r"\d+ repl")

Open = Callable[[str, str], Page]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Command]:
    """The demo, started."""
    with Command("demo", "--port", "0", folder=tmp_path) as demo:
        yield demo


@pytest.fixture
def open_channel(page: Page, demo: Command) -> Open:
    """Opens the demo's page as that person, in that channel, by the page's own buttons."""
    page.goto(demo.address())

    def opened(person: str, channel: str) -> Page:
        act_as(page, person)
        go_to(page, channel)
        return page

    return opened


def act_as(page: Page, person: str) -> None:
    """Switch whom the page acts as."""
    page.get_by_role("button", name="Acting as").click()
    page.get_by_role("menuitemradio", name=person).click()


def go_to(page: Page, channel: str) -> None:
    """Open a channel from the sidebar."""
    page.get_by_role("navigation").get_by_role("button", name=channel).click()


def card(page: Page, title: str) -> Locator:
    """The card with that title."""
    return page.get_by_role("main").get_by_role("listitem").filter(has=page.get_by_role("heading", name=title))


def thread_of(page: Page, message: Locator) -> Locator:
    """The thread under a message, opened."""
    message.get_by_role("button", name=REPLIES).click()
    return page.get_by_role("complementary", name="Thread")


def buttons(message: Locator) -> Locator:
    """The buttons that the app put into a message."""
    return message.locator(".actions").get_by_role("button")


def reach_the_deadline(file: Path) -> None:
    """Have the prompts in a database time out now."""
    with closing(Database(f"sqlite:///{file}")) as db, db.write() as tx:
        moment = db.now()
        tx.execute(update(prompts).values(deadline=moment, due_at=moment))
        tx.touch(Topic.PROMPTS)


def test_one_press_approves_the_release(open_channel: Open) -> None:
    """The card loses its buttons and says who approved, and the run's end is told in its thread."""
    page = open_channel("Ana Ruiz", "releases")
    release = card(page, "Release 1.4.0 to production?")
    release.get_by_role("button", name="Approve").click()
    expect(buttons(release)).to_have_count(0)
    expect(release).to_contain_text("Approved by @Ana Ruiz")
    thread = thread_of(page, release)
    expect(thread).to_contain_text("completed.")
    expect(thread).to_contain_text("1.4.0 is out: https://shop.example.com/releases/1.4.0")


def test_two_people_release_the_hotfix(open_channel: Open) -> None:
    """The first yes is a vote, the second one decides; whoever requested it may not."""
    page = open_channel("Ana Ruiz", "releases")
    question = "Release the hotfix 1.4.1 without the load test?"
    hotfix = card(page, question)
    expect(hotfix).to_contain_text("Requested by chloe, who may not answer.")
    hotfix.get_by_role("button", name="Yes").click()
    expect(hotfix).to_contain_text("1 of 2 agree")
    page = open_channel("Mei Tanaka", "releases")
    card(page, question).get_by_role("button", name="Yes").click()
    expect(buttons(card(page, question))).to_have_count(0)
    expect(thread_of(page, card(page, question))).to_contain_text("1.4.1 is out")


def test_a_rejection_asks_for_its_reason(open_channel: Open) -> None:
    """The validator wants a reason: the modal opens for it, says so under the field, and then takes it."""
    page = open_channel("Ben Okafor", "releases")
    release = card(page, "Release 1.4.0 to production?")
    release.get_by_role("button", name="Reject").click()
    modal = page.get_by_role("dialog")
    modal.get_by_role("button", name="Submit").click()
    reason = modal.get_by_role("textbox", name="Reason")
    expect(reason).to_have_accessible_description(re.compile("Say what has to change before it can go out."))
    reason.fill("The load test has not run at night.")
    modal.get_by_role("button", name="Submit").click()
    expect(modal).to_have_count(0)
    expect(buttons(release)).to_have_count(0)
    expect(release).to_contain_text("Rejected by @Ben Okafor")
    expect(release).to_contain_text("The load test has not run at night.")
    expect(thread_of(page, release)).to_contain_text("1.4.0 was held back: The load test has not run at night.")


def test_a_forbidden_shirt_is_asked_for_again(open_channel: Open) -> None:
    """A press that does not fit opens the form and says why; so does the next try, and one that fits is taken. Whoever
    wants another shirt types a command.
    """
    page = open_channel("Chloé Martin", "orders")
    order = card(page, "Which one would you like?")
    order.get_by_role("button", name="Green").click()
    modal = page.get_by_role("dialog")
    expect(modal).to_contain_text("Color: Green shirts are not made in xlarge.")
    modal.get_by_role("button", name="Submit").click()
    colors = modal.get_by_role("radiogroup", name="Color")
    expect(colors).to_have_accessible_description(re.compile("Green shirts are not made in xlarge."))
    expect(colors.get_by_role("radio", name="green")).to_be_checked()
    colors.get_by_role("radio", name="black").check()
    modal.get_by_role("button", name="Submit").click()
    expect(modal).to_have_count(0)
    expect(buttons(order)).to_have_count(0)
    expect(order).to_contain_text("Answered “Black” by @Chloé Martin")
    expect(thread_of(page, order)).to_contain_text("Ordered a black shirt, xlarge: A-XB-1001.")
    page.get_by_role("combobox", name="Message #orders").fill("/approvals run shirt-order")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main").get_by_text("Started shirt-order as")).to_be_visible()
    expect(order).to_have_count(2)
    expect(order.last.get_by_role("button", name="Green")).to_be_visible()
    expect(order.last).to_contain_text("Requested by @Chloé Martin")


def test_approvals_lists_what_waits_and_opens_it(open_channel: Open) -> None:
    """`/approvals` answers only who typed it, and its button opens the prompt's modal."""
    page = open_channel("Ana Ruiz", "general")
    page.get_by_role("combobox", name="Message #general").fill("/approvals")
    page.keyboard.press("Enter")
    answer = page.get_by_role("main").get_by_role("listitem").filter(has_text="Only visible to you")
    for waiting in (
        "Release 1.4.0 to production?",
        "Which one would you like?",
        "How many users should the data set have?",
    ):
        expect(answer).to_contain_text(waiting)
    expect(answer.get_by_role("button", name="Open")).to_have_count(4)
    answer.get_by_role("button", name="Open").first.click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Submit")).to_be_visible()


def test_a_second_person_is_refused(open_channel: Open) -> None:
    """Who may not answer is told who may, alone; the card stays as it is for those who may."""
    page = open_channel("Ana Ruiz", "releases")
    release = card(page, "Release 1.4.0 to production?")
    expect(release.get_by_role("button", name="Approve")).to_be_visible()
    act_as(page, "Dmitri Sokolov")
    release.get_by_role("button", name="Approve").click()
    refusal = page.get_by_role("main").get_by_role("listitem").filter(has_text="Only visible to you")
    expect(refusal).to_contain_text(
        "You may not answer “Release 1.4.0 to production?”. @Ana Ruiz or @Ben Okafor may answer."
    )
    act_as(page, "Ana Ruiz")
    expect(release.get_by_role("button", name="Approve")).to_be_visible()
    expect(refusal).to_have_count(0)


def test_a_reminder_arrives_and_the_prompt_times_out(page: Page, slack: Emulator, tmp_path: Path) -> None:
    """`signoff serve` posts the reminder into the card's thread; at the deadline the card says so, and the run ends."""
    (tmp_path / "lunch.py").write_text(LUNCH)
    with Command("serve", "lunch.py", folder=tmp_path, environment=slack.environment()) as serving:
        page.goto(slack.url)
        go_to(page, "orders")
        with Command("run", "lunch.py:lunch", folder=tmp_path) as run:
            assert run.wait() == 0
        question = card(page, "Lunch")
        thread = thread_of(page, question)
        expect(thread).to_contain_text("Still waiting for @Ana Ruiz.")
        reach_the_deadline(tmp_path / "signoff.db")
        expect(question).to_contain_text("Timed out")
        expect(buttons(question)).to_have_count(0)
        expect(thread).to_contain_text("No lunch today.")
        assert serving.interrupt() == 0
        assert "Traceback" not in serving.complaints()


def test_ctrl_c_ends_the_demo_cleanly(demo: Command) -> None:
    """The exit code is 0, and there is nothing to worry about on stderr."""
    demo.address()
    assert demo.interrupt() == 0
    assert not re.search("Traceback|ERROR|WARNING", demo.complaints())


@pytest.mark.parametrize("end", [Command.interrupt, Command.kill], ids=["after Ctrl-C", "after kill -9"])
def test_a_second_start_goes_on_where_the_first_ended(
    page: Page, tmp_path: Path, end: Callable[[Command], object]
) -> None:
    """With the same `--db` the messages stand where they stood, once each, and what waited can be answered."""
    again = ("demo", "--port", "0", "--db", "signoff.db")
    with Command(*again, folder=tmp_path) as first:
        page.goto(first.address())
        go_to(page, "releases")
        card(page, "Release 1.4.0 to production?").get_by_role("button", name="Approve").click()
        expect(thread_of(page, card(page, "Release 1.4.0 to production?"))).to_contain_text("1.4.0 is out")
        go_to(page, "orders")
        expect(card(page, "Which one would you like?").get_by_role("button", name="Red")).to_be_visible()
        end(first)
    with Command(*again, folder=tmp_path) as second:
        page.goto(second.address())
        go_to(page, "orders")
        order = card(page, "Which one would you like?")
        expect(order).to_have_count(1)
        order.get_by_role("button", name="Red").click()
        expect(thread_of(page, order)).to_contain_text("Ordered a red shirt, xlarge: A-XR-1001.")
        go_to(page, "releases")
        # The first start's release has ended, so that this one has begun another.
        expect(card(page, "Release 1.4.0 to production?")).to_have_count(2)
        expect(card(page, "Release 1.4.0 to production?").first).to_contain_text("Approved by @Ana Ruiz")
        expect(card(page, "Release 1.4.0 to production?").last.get_by_role("button", name="Approve")).to_be_visible()
        assert second.interrupt() == 0
