"""Each message in a card's thread is posted once."""

from tests.integration.bot.asking import approve, fresh, give_a_reason
from tests.integration.bot.running_service import RunningService
from tests.support.waiting import until_asked


def test_a_reminder_is_posted_once_and_mentions_the_approvers(service: RunningService) -> None:
    """It is in the card's thread, and notifies the people who may answer."""
    prompt, card = service.ask_in("#releases", approve, reminder=0.1)
    ana = service.slack.person("ana")
    reminder = ana.wait_for_message("#releases", "Still waiting")
    assert reminder.thread_ts == card.ts
    assert f"<@{ana.id}>" in reminder.full_text
    service.until_all_is_said()
    ana.press("Approve", message=card)
    service.over(prompt)
    ana.wait_for_message("#releases", "completed")
    assert [seen.ts for seen in ana.sees("#releases") if "Still waiting" in seen.full_text] == [reminder.ts]


def test_the_end_of_a_run_is_reported_once_in_the_thread(service: RunningService) -> None:
    """The report has the result."""
    prompt, card = service.ask_in("#releases", approve)
    service.until_all_is_said()
    ana = service.slack.person("ana")
    ana.press("Approve", message=card)
    ended = ana.wait_for_message("#releases", "completed")
    assert ended.thread_ts == card.ts
    assert "approved: True" in ended.full_text
    service.until_all_is_said()
    assert [seen.ts for seen in service.replies(card)] == [ended.ts]
    assert service.events(prompt) == ["opened", "card_posted", "submitted", "run_ended"]


def test_a_report_is_not_repeated_if_the_response_was_lost(service: RunningService) -> None:
    """The bot searches the thread before it posts again."""
    prompt, card = service.ask_in("#releases", give_a_reason)
    service.slack.client.inject_fault("chat.postMessage", drop=True)
    ana = service.slack.person("ana")
    ana.press("Approve", message=card)
    ana.wait_for_modal("And why?")
    ana.submit({"Reason": "Fine"})
    service.over(prompt)
    service.until_all_is_said()
    assert len(service.replies(card)) == 1


def test_a_report_in_a_channel_that_the_app_is_not_in_is_not_repeated(service: RunningService) -> None:
    """The app may post there, but must join the channel before it can search it."""
    prompt, card = service.ask_in("#general", approve, where="#general")
    service.slack.client.inject_fault("chat.postMessage", drop=True)
    ana = service.slack.person("ana")
    ana.press("Approve", message=card)
    service.over(prompt)
    service.until_all_is_said()
    assert len(service.replies(card)) == 1


def test_what_is_asked_again_in_other_words_says_so_in_both_places(service: RunningService) -> None:
    """The new card shows the earlier question and answer; the thread of the old one says that it does not count."""
    first, old = service.ask_in("#releases", fresh)
    ana = service.slack.person("ana")
    ana.press("Yes", message=old)
    again = until_asked(service.db, first.run_id, number=2)
    card = service.card(again)
    assert card.text.startswith(f"Asked again: {again.title}")
    assert f"*{first.title}*\n&gt; Answered “Yes” by Ana Ruiz." in card.full_text
    notice = ana.wait_for_message("#releases", "The answer here does not count for that.")
    assert notice.thread_ts == old.ts
    ana.press("No", message=card)
    version = again.title.split()[1].rstrip("?")
    assert service.over(first).result == f"{version}: False"
