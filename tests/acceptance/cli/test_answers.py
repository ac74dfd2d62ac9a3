"""`signoff answer`, `pending` and `history`: the whole way, and every way in which an answer does not count."""

import re
import socket

import pytest

from signoff.flows.approval.users import machine_user
from signoff.store import ledger
from signoff.store.prompts import prompts
from tests.acceptance.cli.asking import asked, assert_refused, finished
from tests.acceptance.shell import Shell
from tests.support.waiting import until

USER, HOST = machine_user(), socket.gethostname()
CLAIM = f"claimed on the command line by {USER} on host {HOST}"


def test_a_run_asks_is_answered_and_goes_on(shell: Shell) -> None:
    """The whole way through the command line, with the shapes that scripts rely on."""
    started = shell("run", "asking.py:shirt", "-p", "size=large", "--json")
    assert started.code == 0
    run = started.json
    assert list(run) == ["id", "name", "state"]
    assert run["state"] == "Scheduled"

    with shell.database() as db:
        prompt = until(db, lambda: prompts.of_run(db, run["id"]))[0]
    waiting = next(each for each in shell("pending", "--json").json if each["id"] == prompt.id)
    assert waiting == {
        "id": prompt.id,
        "run_id": run["id"],
        "run_name": run["name"],
        "flow": "shirt",
        "key": "1",
        "title": "Shirt",
        "description": "Which shirt?",
        "schema": prompt.schema,
        "initial": {"size": "large"},
        "policy": {"channel": "#orders", "approvers": ["@ana", "@ben"]},
        "opened_at": prompt.opened_at.isoformat(),
        "deadline": prompt.deadline and prompt.deadline.isoformat(),
        "assigned_to": None,
        "stage": None,
        "ruling": None,
        "asked_before": None,
        "requester": prompt.requester and prompt.requester.id,
    }

    answered = shell("answer", prompt.id, "--set", "color=red", "--set", "count=3", "--as", "@ana", "--json")
    assert (answered.code, answered.err) == (0, "")
    assert answered.json["outcome"] == "submitted"
    assert answered.json["answer"] == {"size": "large", "color": "red", "count": 3}

    ended = finished(shell, run["id"])
    assert list(ended) == [
        "id",
        "name",
        "flow",
        "state",
        "created_at",
        "finished_at",
        "result",
        "error",
        "message",
        "engine",
        "external_id",
        "requester",
        "orphaned",
    ]
    assert (ended["state"], ended["result"], ended["error"]) == ("Completed", "3 large red", None)

    history = shell("history", prompt.id, "--json").json
    assert [line["event"] for line in history] == ["opened", "submitted", "run_ended"]
    assert {"prompt_id", "number", "at", "event", "actor", "detail", "hash"} == set(history[0])
    assert history[1]["actor"] == "@ana"
    assert shell("history", prompt.run_name, "--json").json == history
    assert history[1]["detail"]["claim"] == answered.json["claim"] == CLAIM
    assert history[1]["detail"]["via"] == "cli"
    assert f"ana ({CLAIM})" in shell("history", prompt.id).out


def test_an_answer_that_does_not_fit_says_every_error_by_field(shell: Shell) -> None:
    """Exit code 1, one line for each field, and the prompt stays open."""
    prompt = asked(shell, "asking.py:shirt")
    wrong = shell("answer", prompt.id, "--as", "@ana", "--values", '{"size": "huge", "count": "many"}')
    assert_refused(
        wrong,
        1,
        "size: Input should be 'small' or 'large'",
        "color: This is required.",
        "count: Input should be a valid integer, unable to parse string as an integer",
    )
    together = shell("answer", prompt.id, "--as", "@ana", "--set", "size=large", "--set", "color=green")
    assert_refused(together, 1, "Large shirts are not made in green.")
    unknown = shell("answer", prompt.id, "--as", "@ana", "--set", "colour=red")
    assert_refused(unknown, 1, "colour: Shirt has no such field. Its fields are size, color, count.")
    with shell.database() as db:
        assert prompts.get(db, prompt.id).is_open


def test_who_may_not_answer_is_told_who_may(shell: Shell) -> None:
    """Exit code 1, and the names as the policy has them."""
    prompt = asked(shell, "asking.py:shirt")
    refused = shell("answer", prompt.id, "--as", "chloe", "--set", "color=red")
    assert_refused(refused, 1, "@chloe may not answer this prompt. It can be answered by @ana, @ben.")


def test_what_only_slack_can_tell_is_refused_with_the_reason(shell: Shell) -> None:
    """Exit code 1 and what to do instead; the name that the policy has is accepted."""
    prompt = asked(shell, "asking.py:only-slack-knows")
    refused = shell("answer", prompt.id, "--as", "@ben")
    assert_refused(
        refused,
        1,
        "The command line cannot tell whether @ben may answer this prompt. "
        "It can be answered by ben@example.com, S0BUYERS01.",
        "Only Slack knows the e-mail address of @ben. Only Slack knows who is in the user group S0BUYERS01. "
        "Answer in Slack, or use --as with the name that the policy has for you.",
    )
    assert shell("answer", prompt.id, "--as", "ben@example.com").code == 0


def test_who_comes_too_late_is_told_who_won_and_with_what(shell: Shell) -> None:
    """Exit code 1, and the answer that counts."""
    prompt = asked(shell, "asking.py:shirt")
    assert shell("answer", prompt.id[:8], "--set", "color=red", "--as", "ana").code == 0
    late = shell("answer", prompt.id, "--reject", "--reason", "Too dear", "--as", "@ben")
    assert late.code == 1
    assert late.err.startswith(f"Already submitted by ana ({CLAIM}) at ")
    assert late.err.endswith(": size=small, color=red, count=1\n")


def test_a_rejection_reaches_the_flow_with_its_reason(shell: Shell) -> None:
    """It counts, and the run that does not catch it fails by it."""
    prompt = asked(shell, "asking.py:shirt")
    assert shell("answer", prompt.id, "--reject", "--reason", "Too dear", "--as", "@ben").code == 0
    ended = finished(shell, prompt.run_id)
    assert (ended["state"], ended["error"]) == ("Failed", f"Rejected by ben ({CLAIM}): Too dear")


def test_an_answer_without_values_submits_what_is_shown(shell: Shell) -> None:
    """Where nothing is asked for, it lets the run go on; who acts is the user of this machine."""
    prompt = asked(shell, "asking.py:go-on")
    answered = shell("answer", prompt.id, LOGNAME="dora")
    assert (answered.code, answered.err) == (0, "")
    assert finished(shell, prompt.run_id)["result"] == "went on"
    with shell.database() as db:
        settled_by = prompts.get(db, prompt.id).settled_by
    assert settled_by is not None
    assert settled_by.id == "@dora"
    assert settled_by.claim == CLAIM, "The environment says dora, and the system somebody else."


def test_who_answers_under_their_own_name_is_recorded_with_their_machine(shell: Shell) -> None:
    """It is the user of a machine, and not the person in Slack who has the same name."""
    prompt = asked(shell, "asking.py:go-on")
    answered = shell("answer", prompt.id, "--json", LOGNAME=USER)
    assert answered.json["settled_by"] == f"@{USER}"
    assert answered.json["claim"] == f"user of host {HOST}, on the command line"


def test_every_refusal_lateness_and_cancellation_is_recorded_with_its_way(shell: Shell) -> None:
    """And with the claim, so that the ledger tells who tried what from where."""
    prompt = asked(shell, "asking.py:shirt")
    assert shell("answer", prompt.id, "--as", "@chloe").code == 1
    assert shell("answer", prompt.id, "--as", "@ana", "--set", "size=huge").code == 1
    assert shell("cancel", prompt.run_id, "--as", "@ben", "--reason", "No").code == 0
    assert shell("answer", prompt.id, "--as", "@ana").code == 1
    with shell.database() as db:
        lines = ledger.lines(db, prompt.id)
    assert [(line.event, line.actor, line.detail["via"], line.detail["claim"]) for line in lines if line.actor] == [
        ("refused", "@chloe", "cli", CLAIM),
        ("invalid", "@ana", "cli", CLAIM),
        ("cancelled", "@ben", "cli", CLAIM),
        ("too_late", "@ana", "cli", CLAIM),
    ]


@pytest.mark.parametrize("who", ["@ben@example.com", "<@U0ANARUIZ1>", "#orders", "Ana Ruiz"])
def test_what_cannot_be_a_name_is_refused(shell: Shell, who: str) -> None:
    """Invariant 10: a typo is not recorded as a person."""
    said = shell("answer", "whatever", "--as", who)
    assert said.code == 2
    assert said.err.startswith(f"--as: {who!r} cannot be used. ")
    assert len(said.err.splitlines()) == 1
    assert shell("run", "asking.py:shirt", "--requester", who).code == 2


def test_a_setting_forbids_answers_under_another_name_or_any(shell: Shell) -> None:
    """In the environment of the command, and also in that of the worker that opened the prompt."""
    prompt = asked(shell, "asking.py:go-on")
    own = shell("answer", prompt.id, "--as", "@ana", SIGNOFF_OUTSIDE_SLACK="own-name")
    assert_refused(own, 1, "You may only act as yourself: SIGNOFF_OUTSIDE_SLACK does not allow --as.")
    never = shell("answer", prompt.id, LOGNAME=USER, SIGNOFF_OUTSIDE_SLACK="never")
    assert_refused(never, 1, "Prompts can only be answered in Slack: SIGNOFF_OUTSIDE_SLACK is set to never.")
    wrong = shell("answer", prompt.id, SIGNOFF_OUTSIDE_SLACK="sometimes")
    assert (wrong.code, len(wrong.err.splitlines())) == (1, 1)
    assert wrong.err.startswith("SIGNOFF_OUTSIDE_SLACK: ")
    for command in ("cancel", "retry"):
        other = shell(command, prompt.run_id, "--as", "@ana", SIGNOFF_OUTSIDE_SLACK="own-name")
        assert_refused(other, 1, "You may only act as yourself: SIGNOFF_OUTSIDE_SLACK does not allow --as.")
    with shell.database() as db:
        assert prompts.get(db, prompt.id).is_open
        _, *tried = ledger.lines(db, prompt.id)
    assert [line.event for line in tried] == ["refused", "refused", "refused_cancelling", "refused_retrying"]
    assert [line.actor for line in tried] == ["@ana", f"@{USER}", "@ana", "@ana"]
    assert all("SIGNOFF_OUTSIDE_SLACK" in line.detail["reason"] for line in tried)
    assert shell("answer", prompt.id, LOGNAME=USER, SIGNOFF_OUTSIDE_SLACK="own-name").code == 0


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("own-name", "You may only answer this prompt as yourself: its policy has outside_slack=own-name."),
        ("never", "This prompt can only be answered in Slack: its policy has outside_slack=never."),
    ],
)
def test_a_policy_forbids_it_whatever_the_environment_says(shell: Shell, rule: str, told: str) -> None:
    """The rule is recorded with the prompt, and so is the attempt."""
    prompt = asked(shell, "asking.py:in-slack", "-p", f"rule={rule}")
    assert_refused(shell("answer", prompt.id, "--as", "@ana"), 1, told)
    with shell.database() as db:
        assert prompts.get(db, prompt.id).is_open
        line = ledger.lines(db, prompt.id)[-1]
    assert (line.event, line.detail["reason"]) == ("refused", told)
    cancelled = shell("cancel", prompt.run_id, "--as", "@ana")
    assert_refused(cancelled, 1, f"You may only act on this run as yourself: its policy has outside_slack={rule}.")
    with shell.database() as db:
        assert ledger.lines(db, prompt.id)[-1].event == "refused_cancelling"
    assert shell("cancel", prompt.run_id).code == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--reject"], "--reject requires --reason."),
        (["--reject", "--reason", "No", "--set", "size=small"], "--reject cannot be combined with --set or"),
        (["--reason", "No"], "--reason can only be used with --reject."),
        (["--set", "size"], "--set requires name=value, not 'size'."),
        (["--values", "[1]"], "--values requires a JSON object, such as"),
    ],
)
def test_wrong_usage_of_answer_ends_with_two(shell: Shell, options: list[str], told: str) -> None:
    """Options that contradict each other, or cannot be read, are told apart from an answer that does not count."""
    with shell.database() as db:
        prompt = next(iter(prompts.pending(db)), None)
    said = shell("answer", prompt.id if prompt else asked(shell, "asking.py:shirt").id, *options)
    assert said.code == 2
    assert said.err.startswith(told)
    assert len(said.err.splitlines()) == 1


def test_people_read_tables(shell: Shell) -> None:
    """Without `--json` the lists are tables, with ids that every command takes, and say who may answer."""
    prompt = asked(shell, "asking.py:shirt")
    row = next(line for line in shell("pending").out.splitlines() if line.startswith(prompt.id[:8]))
    assert "@ana, @ben" in row
    assert re.search(r"in 5\d min", row)
    assert prompt.run_name in shell("runs", "--state", "paused").out
    assert prompt.run_name not in shell("runs", "--state", "Completed", "--limit", "1").out
    assert "Asked" in shell("history", prompt.id[:8]).out
