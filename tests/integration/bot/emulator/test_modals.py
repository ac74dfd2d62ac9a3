"""Modals, from `views.open` to what the app answers to a submission."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from threading import Timer
from typing import Any

import pytest
from slack_bolt import Ack, App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from signoff.bot.emulator.blocks.returned import returned
from signoff.bot.emulator.client.input_check import REQUIRED
from signoff.testing import ActionFailed, Emulator, Person
from tests.integration.bot.emulator.conftest import Connect
from tests.unit.bot.emulator.samples import actions, button, element, field, modal, option, options, plain, section

Body = dict[str, Any]
Answering = Callable[..., "Modals"]


class Modals:
    """An app that opens a modal on each press and answers each submission in the same way."""

    def __init__(self, app: App, view: Body, answer: Body) -> None:
        self.submissions: list[Body] = []
        self.closed: list[Body] = []
        self.acted: list[Body] = []

        @app.action("go")
        def go(ack: Ack, body: Body, client: WebClient) -> None:
            ack()
            client.views_open(trigger_id=body["trigger_id"], view=view)

        @app.view("form")
        def form(ack: Ack, body: Body) -> None:
            self.submissions.append(body)
            ack(**answer)

        @app.view_closed("form")
        def closed(ack: Ack, body: Body) -> None:
            self.closed.append(body)
            ack()

        @app.action("a")
        def acted(ack: Ack, body: Body) -> None:
            self.acted.append(body)
            ack()


@pytest.fixture
def ana(slack: Emulator) -> Person:
    """The person who acts."""
    return slack.person("ana")


@pytest.fixture
def answering(client: WebClient, app: App, connect: Connect, ana: Person) -> Answering:
    """Starts an app with that view and that answer, and opens the modal for Ana."""

    def start(view: Body, answer: Body | None = None) -> Modals:
        modals = Modals(app, view, answer or {})
        connect(app)
        client.chat_postMessage(channel="#releases", text="Ship?", blocks=[actions(button())])
        ana.press("Approve", in_="#releases")
        ana.wait_for_modal()
        return modals

    return start


def test_a_modal_opens_for_the_person_who_pressed(slack: Emulator, ana: Person, answering: Answering) -> None:
    """Its blocks are as the app sent them, with what Slack adds; nobody else sees it."""
    answering(modal(field(label="Reason"), private_metadata="p1"))
    opened = ana.modal
    assert opened is not None
    assert (opened.title, opened.submit, opened.labels) == ("A form", "Send", ["Reason"])
    assert opened.private_metadata == "p1"
    assert opened.json["root_view_id"] == opened.id
    assert opened.json["hash"]
    assert slack.person("ben").modal is None


def test_a_submission_carries_every_value(slack: Emulator, ana: Person, answering: Answering) -> None:
    """`view.state.values` reports all inputs, in the form of each, and the modal closes on an empty ack."""
    # Slack returns what was chosen as it returns the options, and not as the app sent them.
    colours = returned(options(3))
    inputs = {
        "plain_text_input": ("Mei", "value", "Mei"),
        "number_input": (7, "value", "7"),
        "email_text_input": ("mei@example.com", "value", "mei@example.com"),
        "url_text_input": ("https://example.com", "value", "https://example.com"),
        "datepicker": (date(2026, 2, 28), "selected_date", "2026-02-28"),
        "timepicker": ("23:59", "selected_time", "23:59"),
        "datetimepicker": (datetime(2026, 2, 28, tzinfo=UTC), "selected_date_time", 1_772_236_800),
        "checkboxes": (["Option 0", "Option 2"], "selected_options", [colours[0], colours[2]]),
        "radio_buttons": ("Option 1", "selected_option", colours[1]),
        "static_select": ("Option 2", "selected_option", colours[2]),
        "users_select": ("@ben", "selected_user", "U0BENOKAF1"),
        "conversations_select": ("#data", "selected_conversation", "C0DATASET1"),
        "channels_select": ("#orders", "selected_channel", "C0ORDERS01"),
        "multi_static_select": (["Option 1"], "selected_options", [colours[1]]),
        "multi_users_select": (["ana", "mei"], "selected_users", ["U0ANARUIZ1", "U0MEITANA1"]),
        "multi_channels_select": ([], "selected_channels", []),
        "rich_text_input": (None, "rich_text_value", None),
    }
    with_options = {"checkboxes", "radio_buttons", "static_select", "multi_static_select"}
    details = {kind: {"options": colours} for kind in with_options} | {"number_input": {"is_decimal_allowed": False}}
    modals = answering(
        modal(*(field(kind, label=kind, block_id=kind, optional=True, **details.get(kind, {})) for kind in inputs))
    )
    answer = ana.submit({kind: written for kind, (written, _, _) in inputs.items()})
    assert answer["response"] is None
    assert ana.modal is None
    [body] = modals.submissions
    assert body["view"]["state"]["values"] == {
        kind: {"a": {"type": kind, key: value}} for kind, (_, key, value) in inputs.items()
    }
    assert (body["type"], body["user"]["id"], body["response_urls"]) == ("view_submission", ana.id, [])


@pytest.mark.parametrize(
    ("kind", "typed", "details", "error"),
    [
        (
            "number_input",
            "11",
            {"is_decimal_allowed": False, "max_value": "10"},
            {"b": "Enter a number of at most 10."},
        ),
        ("number_input", "1.", {"is_decimal_allowed": False}, None),
        ("email_text_input", "mei@", {}, {"b": "Enter a valid email address."}),
        ("url_text_input", "https", {}, {"b": "Enter a valid URL."}),
        ("plain_text_input", "n", {"min_length": 2}, {"b": "Enter at least 2 characters."}),
    ],
)
def test_what_is_not_typed_to_its_end_is_told_once_it_is_submitted(
    slack: Emulator, ana: Person, answering: Answering, kind: str, typed: str, details: Body, error: Body | None
) -> None:
    """While somebody types, an app that listens hears only of what could be submitted, and nothing fails."""
    modals = answering(modal(field(kind, dispatch_action=True, **details)))
    before = len(slack.client.deliveries())
    ana.press("a", value={"type": kind, "value": typed})
    if error is not None:
        assert len(slack.client.deliveries()) == before
        with pytest.raises(ActionFailed, match="invalid_input") as refusal:
            ana.submit()
        assert refusal.value.errors == error
        assert modals.acted == []
    else:
        assert [each["actions"][0]["value"] for each in modals.acted] == [typed]


def test_a_required_input_is_asked_for_before_the_app_is(ana: Person, answering: Answering) -> None:
    """Slack's client checks first; the app hears nothing of a submission that could not be sent."""
    modals = answering(
        modal(field(label="Reason", max_length=5, block_id="reason"), field(label="Why", block_id="why"))
    )
    with pytest.raises(ActionFailed, match="invalid_input") as refusal:
        ana.submit({"Reason": "far too long"})
    assert refusal.value.errors == {"reason": "Enter at most 5 characters.", "why": REQUIRED}
    assert modals.submissions == []


def test_a_slip_in_a_label_is_explained(ana: Person, answering: Answering) -> None:
    """The refusal says which inputs there are."""
    answering(modal(field(label="Reason")))
    with pytest.raises(ActionFailed, match="There is no input 'Raeson'"):
        ana.submit({"Raeson": "x"})


def test_errors_keep_the_modal_open_with_what_was_entered(ana: Person, answering: Answering) -> None:
    """`response_action: errors` stands under the inputs, and nothing that was typed is lost."""
    answering(modal(field(label="Reason")), {"response_action": "errors", "errors": {"b": "Say more"}})
    ana.submit({"Reason": "no"})
    refused = ana.modal
    assert refused is not None
    assert refused.errors == {"Reason": "Say more"}
    assert refused.values == {"Reason": "no"}


def test_an_update_replaces_the_view(ana: Person, answering: Answering) -> None:
    """`response_action: update` shows another view in the same place."""
    answering(modal(field()), {"response_action": "update", "view": modal(section("Ben was faster"))})
    before = ana.modal
    ana.submit({"Label": "x"})
    after = ana.modal
    assert before is not None
    assert after is not None
    assert (after.id, after.full_text) == (before.id, "A form\nBen was faster")
    assert after.json["hash"] != before.json["hash"]


def test_a_push_opens_a_view_on_top_up_to_three(ana: Person, answering: Answering) -> None:
    """`response_action: push` stacks views; the fourth is too much, and the person sees an error."""
    answering(modal(field()), {"response_action": "push", "view": modal(field())})
    first = ana.modal
    ana.submit({"Label": "x"})
    second = ana.modal
    assert first is not None
    assert second is not None
    assert (second.json["previous_view_id"], second.json["root_view_id"]) == (first.id, first.id)
    ana.submit({"Label": "x"})
    with pytest.raises(ActionFailed, match="push_limit_reached: We had some trouble connecting"):
        ana.submit({"Label": "x"})
    ana.close()
    assert ana.modal is not None
    assert ana.modal.id == second.id


def test_errors_stand_in_the_view_as_it_is_by_now(
    slack: Emulator, client: WebClient, app: App, connect: Connect
) -> None:
    """An app may update the view while it handles the submission, and then refuse."""

    @app.command("/approvals")
    def approvals(ack: Ack, body: Body) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=modal(field()))

    @app.view("form")
    def form(ack: Ack, view: Body) -> None:
        client.views_update(view_id=view["id"], view=modal(section("Try again"), field()))
        ack(response_action="errors", errors={"b": "Say more"})

    connect(app)
    ana = slack.person("ana")
    ana.command("/approvals")
    ana.wait_for_modal()
    ana.submit({"Label": "x"})
    refused = ana.modal
    assert refused is not None
    assert refused.full_text.startswith("A form\nTry again")
    assert (refused.errors, refused.values) == ({"Label": "Say more"}, {"Label": "x"})


def test_clear_closes_the_whole_stack(ana: Person, answering: Answering) -> None:
    """`response_action: clear` leaves nothing open."""
    answering(modal(field()), {"response_action": "clear"})
    ana.submit({"Label": "x"})
    assert ana.modal is None


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"response_action": "errors", "errors": {"elsewhere": "x"}}, "invalid_errors"),
        ({"response_action": "update", "view": modal(section("x" * 3001))}, "invalid_arguments"),
        ({"response_action": "explode"}, "invalid_response_action"),
    ],
)
def test_an_answer_that_slack_would_not_take_is_trouble(
    slack: Emulator, ana: Person, answering: Answering, answer: Body, error: str
) -> None:
    """The person is told to try again, the modal stays, and the delivery says what was wrong."""
    answering(modal(field()), answer)
    with pytest.raises(ActionFailed, match=f"{error}: We had some trouble connecting"):
        ana.submit({"Label": "x"})
    assert ana.modal is not None
    assert slack.client.deliveries()[-1]["error"] == error


def test_closing_is_told_to_an_app_that_asked_for_it(ana: Person, answering: Answering) -> None:
    """`view_closed` comes for `notify_on_close`."""
    modals = answering(modal(field(), notify_on_close=True))
    ana.close()
    assert ana.modal is None
    [body] = modals.closed
    assert (body["type"], body["is_cleared"], body["view"]["callback_id"]) == ("view_closed", False, "form")


def test_waiting_for_a_modal_to_go(ana: Person, answering: Answering) -> None:
    """The wait ends as soon as nothing is open."""
    answering(modal(field()))
    later = Timer(0.05, ana.close)
    later.start()
    ana.wait_until_no_modal()
    assert ana.modal is None
    later.join()


def test_closing_is_not_told_to_an_app_that_did_not(slack: Emulator, ana: Person, answering: Answering) -> None:
    """Most apps hear nothing of it."""
    answering(modal(field()))
    ana.close()
    assert [delivery["kind"] for delivery in slack.client.deliveries()] == ["block_actions"]


def test_an_act_in_a_modal_reports_what_was_entered_so_far(ana: Person, answering: Answering) -> None:
    """A dispatching input reaches the app at once, with the whole state; a quiet one waits for the submission."""
    modals = answering(
        modal(
            field("static_select", options=options(2), label="Kind", block_id="kind", dispatch_action=True),
            field("users_select", label="Who", block_id="who") | {"element": element("users_select", action_id="who")},
        )
    )
    user = {"type": "users_select", "selected_user": "U0BENOKAF1"}
    kind = {"type": "static_select", "selected_option": returned(options(2)[1])}
    ana.press("Who", value=user)
    assert modals.acted == []
    ana.press("Kind", value=kind)
    [body] = modals.acted
    assert body["container"] == {"type": "view", "view_id": body["view"]["id"]}
    assert body["view"]["state"]["values"] == {"kind": {"a": kind}, "who": {"who": user}}
    assert body["actions"][0]["selected_option"] == returned(options(2)[1])
    assert "message" not in body


def test_the_app_pushes_a_view_from_an_act_in_the_modal(
    client: WebClient, app: App, ana: Person, answering: Answering
) -> None:
    """`views.push` takes a trigger id from within the modal, and no other."""

    @app.action("more")
    def more(ack: Ack, body: Body) -> None:
        ack()
        client.views_push(trigger_id=body["trigger_id"], view=modal(section("More")))

    modals = answering(modal(actions(button("More", action_id="more"))))
    ana.press("More")
    ana.wait_for_modal("More")
    ana.close()
    assert ana.modal is not None
    assert ana.modal.buttons == ["More"]
    assert modals.submissions == []


def test_a_push_without_a_modal_is_refused(slack: Emulator, app: App, connect: Connect) -> None:
    """A trigger id of a command opens, but cannot push."""
    trigger_ids: list[str] = []

    @app.command("/approvals")
    def approvals(ack: Ack, body: Body) -> None:
        trigger_ids.append(body["trigger_id"])
        ack()

    connect(app)
    slack.person("ana").command("/approvals")
    with pytest.raises(SlackApiError, match="not_found"):
        app.client.views_push(trigger_id=trigger_ids[0], view=modal())


def test_a_view_is_updated_only_if_it_has_not_changed(client: WebClient, ana: Person, answering: Answering) -> None:
    """`views.update` keeps what was entered, and a stale hash is a `hash_conflict`."""
    answering(modal(field("users_select", label="Who")))
    opened = ana.modal
    assert opened is not None
    ana.press("Who", value={"type": "users_select", "selected_user": "U0BENOKAF1"})
    longer = modal(section("Choose"), field("users_select", label="Who"))
    client.views_update(view_id=opened.id, hash=opened.json["hash"], view=longer)
    with pytest.raises(SlackApiError, match="hash_conflict"):
        client.views_update(view_id=opened.id, hash=opened.json["hash"], view=longer)
    assert ana.modal is not None
    assert ana.modal.values == {"Who": "U0BENOKAF1"}
    ana.close()
    with pytest.raises(SlackApiError, match="not_found"):
        client.views_update(view_id=opened.id, view=longer)


def test_an_external_select_searches_in_the_app(slack: Emulator, app: App, ana: Person, answering: Answering) -> None:
    """What is typed goes to the app, and its options can be chosen and submitted."""

    @app.options("a")
    def find(ack: Ack, payload: Body) -> None:
        ack(options=[option(name) for name in ("Release 1", "Release 2") if payload["value"] in name])

    modals = answering(modal(field("external_select", label="Release", min_query_length=0)))
    opened = ana.modal
    assert opened is not None
    asked = {"as": ana.id, "view_id": opened.id, "action_id": "a", "block_id": "b", "query": "2"}
    assert slack.client.post("options", **asked)["options"] == [returned(option("Release 2"))]
    ana.submit({"Release": "Release 1"})
    [body] = modals.submissions
    assert body["view"]["state"]["values"]["b"]["a"]["selected_option"] == returned(option("Release 1"))


def test_a_chosen_conversation_gives_a_response_url(slack: Emulator, ana: Person, answering: Answering) -> None:
    """`response_url_enabled` lets the app answer into the conversation that was chosen."""
    modals = answering(modal(field("channels_select", label="Where", response_url_enabled=True)))
    ana.submit({"Where": "#orders"})
    [url] = modals.submissions[0]["response_urls"]
    assert (url["channel_id"], url["block_id"], url["action_id"]) == ("C0ORDERS01", "b", "a")


def test_a_view_over_a_limit_is_not_opened(slack: Emulator, app: App, connect: Connect) -> None:
    """The trigger id is not used up by a view that Slack refuses."""
    trigger_ids: list[str] = []

    @app.command("/approvals")
    def approvals(ack: Ack, body: Body) -> None:
        trigger_ids.append(body["trigger_id"])
        ack()

    connect(app)
    slack.person("ana").command("/approvals")
    with pytest.raises(SlackApiError, match="invalid_arguments") as refusal:
        app.client.views_open(trigger_id=trigger_ids[0], view=modal(title=plain("x" * 25)))
    messages = refusal.value.response["response_metadata"]["messages"]
    assert messages == ["[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"]
    app.client.views_open(trigger_id=trigger_ids[0], view=modal())
