"""Policies on the command line: several people who agree, and a requester who may not answer."""

import getpass
import json
import os
import subprocess
import sys

from signoff import Policy, Stage
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.quorum import decide
from signoff.flows.approval.users import machine_user
from signoff.store import migrations
from signoff.store.prompts import prompts, votes
from signoff.store.records.actors import Actor, user_claim
from signoff.store.records.votes import Vote
from tests.acceptance.cli.asking import asked, assert_refused, finished
from tests.acceptance.shell import Shell
from tests.integration.store.samples import an_open_prompt

ME = f"@{machine_user()}"
UNDO_ALONE = "--undo cannot be combined with an answer."


def program(shell: Shell, code: str) -> "subprocess.CompletedProcess[str]":
    """A program of the user that imports `resume_flow_run`."""
    return subprocess.run(
        [sys.executable, "-c", f"from signoff import resume_flow_run; {code}"],
        env={**os.environ, "DATABASE_URL": f"sqlite:///{shell.folder / 'signoff.db'}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_vote_counts_and_the_tally_is_told(shell: Shell) -> None:
    """One vote of two leaves the prompt open; the user's second one replaces it; nobody votes as somebody else."""
    prompt = asked(shell, "asking.py:together", "-p", f"people={json.dumps([ME, '@ana'])}")
    assert_refused(
        shell("answer", prompt.id, "--set", "value=true", "--as", "@ana"),
        1,
        "You may only answer this prompt as yourself, because several people have to agree.",
    )
    said = shell("answer", prompt.id, "--set", "value=true")
    assert (said.code, said.out.strip()) == (0, "Go on?: your vote counts: 1 of 2 agree")
    again = shell("answer", prompt.id, "--set", "value=true", "--json").json
    assert again["outcome"] is None
    assert [(vote["actor"], vote["verdict"], vote["answer"]) for vote in again["votes"]] == [
        (ME, "submit", {"value": True})
    ]
    assert "1 of 2 agree" in shell("pending").out
    assert "1 of 2 agree\n" in shell("show", prompt.id).out
    ana = Actor("@ana", "Ana", claim=user_claim("build-7", "on the command line"))
    with shell.database() as db:
        open_ = prompts.get(db, prompt.id)
        second = Vote(ana, "submit", {"value": True}, None, "cli", db.now(), {"value": True})
        votes.cast(db, prompt.id, second, decide=lambda ballot: decide(open_, ballot))
    assert finished(shell, prompt.run_id)["result"] == [ME, "@ana"]
    assert f"submitted by {getpass.getuser()} (user of host" in shell("show", prompt.id).out
    events = [line["event"] for line in shell("history", prompt.id, "--json").json]
    assert [event for event in events if event in ("voted", "submitted")] == ["voted", "submitted"]


def test_the_requester_may_answer_neither_as_themselves_nor_as_somebody_else(shell: Shell) -> None:
    """The user who has started the run."""
    prompt = asked(shell, "asking.py:somebody-else")
    requested = "You requested this, so somebody else has to answer."
    assert_refused(shell("answer", prompt.id), 1, requested)
    claimed = "You may only answer this prompt as yourself, because the requester may not answer."
    assert_refused(shell("answer", prompt.id, "--as", "@ana"), 1, claimed)
    resumed = program(shell, f"resume_flow_run({prompt.run_id!r})")
    assert resumed.stderr.strip().endswith(f"NotAllowed: {requested}")
    other = asked(shell, "asking.py:somebody-else", "--requester", "@ana")
    assert shell("answer", other.id).code == 0


def test_a_policy_that_contradicts_itself_fails_the_run(shell: Shell) -> None:
    """At the pause, with the name of the field."""
    run = shell("run", "asking.py:contradiction", "--json").json
    error = str(finished(shell, run["id"])["error"])
    assert (
        "The policy on 'Continue?' is invalid: quorum: all of whom? Name people or user groups in approvers." in error
    )


def test_a_yes_that_has_to_be_confirmed_takes_the_word(shell: Shell) -> None:
    """From the command and from a program, which are told how to give it. A no counts without it."""
    prompt = asked(shell, "asking.py:typed")
    refused = "A yes has to be confirmed: add --confirm 'payments db'"
    assert_refused(shell("answer", prompt.id, "--set", "value=true"), 1, refused)
    assert_refused(shell("answer", prompt.id, "--set", "value=true", "--confirm", "Payments DB"), 1, refused)
    both = shell("answer", prompt.id, "--reject", "--reason", "No", "--confirm", "payments db")
    assert_refused(both, 2, "--reject cannot be combined with --confirm: only a yes has to be confirmed.")
    resumed = program(shell, f"resume_flow_run({prompt.run_id!r}, {{'value': True}})")
    assert resumed.stderr.strip().endswith("A yes has to be confirmed: pass confirm='payments db'.")
    resumed = program(shell, f"resume_flow_run({prompt.run_id!r}, {{'value': True}}, confirm='payments db')")
    assert (resumed.returncode, resumed.stderr) == (0, "")
    again = asked(shell, "asking.py:typed")
    assert shell("answer", again.id, "--set", "value=true", "--confirm", "payments db").code == 0
    other = asked(shell, "asking.py:typed")
    assert shell("answer", other.id, "--set", "value=false").code == 0


def test_the_stage_of_a_prompt_is_shown(empty: Shell) -> None:
    """In the list, in full, as JSON, and in the history."""
    with empty.database() as db:
        migrations.upgrade(db)
        stages = [Stage(name="Peer", approvers=["@ana"]), Stage(name="Expert", approvers=["@ben"])]
        prompt = an_open_prompt(db, stored_policy=Policy(stages=stages))
        ana = Actor("@ana", "Ana", claim=user_claim("build-7", "on the command line"))
        Desk(db).submit(prompt.id, ana, {"size": "small"}, via="cli", complete=False)
    assert "stage 2 of 2, Expert" in empty("pending").out
    shown = empty("show", prompt.id)
    assert "Peer: passed by Ana (user of host build-7, on the command line)" in shown.out
    assert "Expert: current" in shown.out
    (as_json,) = empty("pending", "--json").json
    assert as_json["stage"] == "Expert"
    (passed,) = [line for line in empty("history", prompt.id, "--json").json if line["event"] == "stage_passed"]
    assert (passed["actor"], passed["detail"]["stage"], passed["detail"]["next"]) == ("@ana", "Peer", "Expert")
    assert "Peer" in empty("history", prompt.id).out


def test_an_answer_can_be_taken_back_while_the_policy_lets(shell: Shell) -> None:
    """By the user who gave it, and by nobody else."""
    prompt = asked(shell, "asking.py:forgiving")
    said = shell("answer", prompt.id, "--set", "value=true")
    assert said.code == 0
    assert "unless it is undone" in said.out
    assert "unless it is undone" in shell("show", prompt.id).out
    assert shell("answer", prompt.id, "--set", "value=false").code == 1
    assert_refused(shell("answer", prompt.id, "--undo", "--as", "@ana"), 1, f"Only {getpass.getuser()} can undo this.")
    assert_refused(shell("answer", prompt.id, "--undo", "--reject", "--reason", "No"), 2, UNDO_ALONE)
    assert shell("answer", prompt.id, "--undo").out.strip() == "Drop it?: undone, and open again"
    assert_refused(shell("answer", prompt.id, "--undo"), 1, "There is nothing that you could undo here.")
    events = [line["event"] for line in shell("history", prompt.id, "--json").json]
    assert [event for event in events if event in ("held", "undone")] == ["held", "undone"]
