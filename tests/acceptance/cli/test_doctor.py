"""`signoff doctor` finds what is wrong with an installation, and nothing else."""

import shutil
from dataclasses import replace

import pytest
from sqlalchemy import update

from signoff import Policy
from signoff.bot.manifest import SIGNOFF as MANIFEST
from signoff.store import migrations
from signoff.store.outbox import cards
from signoff.store.prompts import approvers
from signoff.store.records.approvers import Approver, Reviewers
from signoff.store.tables import cards as card_rows
from signoff.testing import Emulator
from tests.acceptance.shell import Shell, line_with
from tests.integration.store.samples import NOON, a_worker, an_open_prompt, claim_cards, settle, store_policy


def test_the_doctor_says_what_is_missing(empty: Shell) -> None:
    """Without a Slack setting it exits with 1, and what works without one it says, too."""
    said = empty("doctor")
    assert said.code == 1
    assert "✓ database: sqlite:///signoff.db does not exist yet" in said.out
    assert "✗ bot token: SLACK_BOT_TOKEN is not set." in said.out
    assert "✗ signing secret: " in said.out
    broken = empty("doctor", SIGNOFF_PORT="ninety")
    assert broken.code == 1
    assert "✗ settings: SIGNOFF_PORT: " in broken.out
    assert [*empty.folder.iterdir()] == []


def test_the_doctor_finds_a_healthy_installation_healthy(empty: Shell, slack: Emulator) -> None:
    """Invariant 9: tokens, scopes and database are tried for real, and no secret is printed."""
    with empty.database() as db:
        migrations.upgrade(db)
    said = empty("doctor", **slack.environment())
    assert (said.code, said.err) == (0, "")
    assert [line.partition(":")[0] for line in said.out.splitlines()] == [
        "✓ database",
        "✓ settings",
        "✓ bot token",
        "✓ scopes",
        "✓ app token",
    ]
    assert slack.bot_token not in said.out
    assert slack.app_token not in said.out


def test_the_doctor_names_wrong_tokens_and_missing_scopes(empty: Shell) -> None:
    """Each finding says which setting it is about, for scripts as JSON."""
    fewer = replace(MANIFEST, scopes=MANIFEST.scopes - {"users:read", "groups:read"})
    with Emulator(manifest=fewer) as slack:
        lacking = empty("doctor", "--json", **slack.environment())
        wrong = empty(
            "doctor", "--json", **slack.environment() | {"SLACK_BOT_TOKEN": "xoxb-no", "SLACK_APP_TOKEN": "xapp-no"}
        )
    assert lacking.code == wrong.code == 1
    found = {check["check"]: check for check in lacking.json}
    assert found["bot token"]["ok"]
    assert found["scopes"]["message"].startswith("Missing: groups:read, users:read.")
    refused = {check["check"]: check["message"] for check in wrong.json if not check["ok"]}
    assert refused.keys() == {"bot token", "app token"}
    assert "SLACK_BOT_TOKEN (invalid_auth)" in refused["bot token"]
    assert "SLACK_APP_TOKEN (invalid_auth)" in refused["app token"]


def test_the_doctor_says_what_is_missing_without_optional_scopes(empty: Shell) -> None:
    """A workspace may refuse them, so this is no fault."""
    with Emulator(manifest=replace(MANIFEST, scopes=MANIFEST.scopes - MANIFEST.optional_scopes)) as slack:
        said = empty("doctor", **slack.environment())
    assert said.code == 0
    assert "✓ scopes: All scopes that are required are granted. Without channels:history, channels:join" in said.out


def test_the_doctor_does_not_take_silence_about_scopes_for_their_absence(
    empty: Shell, slack: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy may leave out Slack's header."""
    monkeypatch.setattr("signoff.bot.emulator.web_api.routes.SCOPES_HEADER", "x-something-else")
    said = empty("doctor", **slack.environment())
    assert said.code == 0
    assert "✓ scopes: Not checked, because the answer did not say which scopes are granted" in said.out


def test_the_doctor_lists_approvers_that_nobody_can_be(empty: Shell, slack: Emulator) -> None:
    """Of open prompts and of the settings, each with what to write instead."""
    with empty.database() as db:
        migrations.upgrade(db)
        prompt = an_open_prompt(
            db, stored_policy=Policy(approvers=("@anna", "@ana", "@release-leads", "<@U0BENOKAF1>", "#board", "#order"))
        )
    slack.client.add_channel("board", is_private=True, members=["ana"])
    environment = {**slack.environment(), "SIGNOFF_APPROVERS": "ben@example.com, Mei Tanaka"}
    said = empty("doctor", **environment)
    assert said.code == 1
    assert [line for line in said.out.splitlines() if "approvers" in line.partition(":")[0]] == [
        "✗ approvers: Mei Tanaka cannot answer prompts whose policy names nobody. This is not a handle, an e-mail "
        "address or an id. Write one of these, such as @ana or ana@example.com. Did you mean @mei? "
        "Correct SIGNOFF_APPROVERS.",
        f"✗ approvers: @anna cannot answer {prompt.label}. No person or user group has this handle. "
        f"Did you mean @ana? `signoff cancel {prompt.run_id[:8]}`, correct the policy, and start the run again.",
        f"✗ approvers: <@U0BENOKAF1> cannot answer {prompt.label}. This is a mention. "
        f"Write U0BENOKAF1. `signoff cancel {prompt.run_id[:8]}`, correct the policy, and start the run again.",
        # A private channel that the app is not in, and one that nobody has made.
        *(
            f"✗ approvers: {channel} cannot answer {prompt.label}. Signoff sees no such channel. If it is private, "
            f"invite Signoff to it. `signoff cancel {prompt.run_id[:8]}`, correct the policy, and start the run again."
            for channel in ("#board", "#order")
        ),
    ]
    without_slack = empty("doctor", SIGNOFF_APPROVERS="Mei Tanaka")
    assert "✗ approvers: Mei Tanaka cannot answer" in without_slack.out
    assert "✗ approvers: <@U0BENOKAF1> cannot answer" in without_slack.out


def test_the_doctor_lists_prompts_on_which_too_few_can_agree(empty: Shell) -> None:
    """As the card says, with what to do."""
    fault = "2 people have to agree, and only 1 person can answer."
    with empty.database() as db:
        migrations.upgrade(db)
        prompt = an_open_prompt(db, stored_policy=Policy(approvers=("@dev",), quorum=2))
        found = [Approver("@dev", "S0DEV0001")]
        approvers.record(db, prompt, found, due_at=None, now=db.now(), reviewers=Reviewers(fault=fault))
    what_to_do = f"Change who is in the group, or `signoff cancel {prompt.run_id[:8]}`, and start the run again."
    assert f"✗ approvers: {prompt.label}: {fault} {what_to_do}" in empty("doctor").out


def test_a_workspace_too_large_to_be_read_at_once_is_no_fault(empty: Shell, slack: Emulator) -> None:
    """Slack limits how fast users are read. Whom the bot has found already is looked up alone."""
    with empty.database() as db:
        migrations.upgrade(db)
        prompt = an_open_prompt(db, stored_policy=Policy(approvers=("@ana", "@anna")))
        nobody = Approver("@anna", fault="No person or user group has this handle.")
        approvers.record(db, prompt, [Approver("@ana", "U0ANARUIZ1"), nobody], due_at=None, now=db.now())
    slack.client.inject_fault("users.list", error="ratelimited", retry_after=30, times=1000)
    said = empty("doctor", **slack.environment())
    assert "✗ approvers: @anna cannot answer 'Which shirt?'" in said.out
    assert slack.client.calls("users.list") == []
    assert empty("cancel", prompt.run_id).code == 0
    said = empty("doctor", **slack.environment(), SIGNOFF_APPROVERS="@ana")
    assert "✓ approvers: Not checked, because Slack did not answer: @ana. Write ids" in said.out
    assert said.code == 0


def test_the_doctor_finds_processes_that_use_a_file_which_is_gone(empty: Shell) -> None:
    """They record nothing, and somebody has to restart them."""
    empty.write("nothing.py", "from signoff import flow\n\n\n@flow\ndef nothing(): ...\n")
    with empty.started("worker", "nothing.py") as worker:
        line_with(worker, "Ready")
        file = empty.folder / "signoff.db"
        file.rename(empty.folder / "aside.db")
        gone = empty("doctor")
        shutil.copy(empty.folder / "aside.db", file)
        before = file.read_bytes()
        replaced = empty("doctor")
        for said in (gone, replaced):
            assert said.code == 1
            assert f"record nothing: {worker.pid}." in said.out
            assert "✗ database: " in said.out
        # Nobody opens the new file beside what belongs to the earlier one.
        listed = empty("runs")
        assert listed.code == 1
        assert f"record nothing: {worker.pid}." in listed.err
        assert file.read_bytes() == before


def test_a_policy_that_cannot_be_read_is_listed_refused_and_diagnosed(empty: Shell) -> None:
    """Invariants 10 and 11: the list shows the prompt, an answer is refused, and the doctor says what to do."""
    with empty.database() as db:
        migrations.upgrade(db)
        prompt = an_open_prompt(db)
        store_policy(db, prompt, {"approvers": ["@ana"], "rota": 2})
    fault = f"The policy of prompt {prompt.id[:8]} cannot be read: rota: Extra inputs are not permitted."
    listed = empty("pending")
    assert (listed.code, listed.err) == (0, "")
    assert "Which shirt?" in listed.out
    assert "nobody in this version" in listed.out
    assert empty("pending", "--json").json[0]["policy"] == {"approvers": ["@ana"], "rota": 2}
    answered = empty("answer", prompt.id, "--set", "size=small", "--as", "@ana")
    assert answered.code == 1
    assert answered.err.startswith(fault)
    assert f"✗ policies: {fault}" in empty("doctor").out


def test_the_doctor_lists_cards_that_slack_does_not_take_and_has_them_tried_again(empty: Shell) -> None:
    """Each place once, with what to do there; of healthy ones nothing."""
    with empty.database() as db:
        migrations.upgrade(db)
        for reason, channel, ends in (
            ("is_archived", "#old", False),
            ("is_archived", "#old", True),
            ("not_in_channel", "#board", False),
            ("restricted_action_read_only_channel", "#news", True),
            ("invalid_blocks", "#odd", True),
            (None, "#fine", False),
        ):
            prompt = an_open_prompt(db, stored_policy=Policy(channel=channel))
            (card,) = claim_cards(db, a_worker(db), now=NOON)
            if reason is None:
                cards.drawn(db, card, channel="C1", ts="1.0", now=NOON)
            else:
                cards.failed(db, card, error=reason, refusal=reason, retry_at=None, in_doubt=False, now=NOON)
            if ends:
                settle(db, prompt)
                with db.write() as tx:
                    tx.execute(update(card_rows).where(card_rows.c.prompt_id == prompt.id).values(due_at=None))
        assert cards.next_due_at(db) is None
    said = empty("doctor")
    assert [line for line in said.out.splitlines() if " cards: " in line] == [
        "✗ cards: Slack does not take the cards of 1 open prompt in #board (not_in_channel). "
        "Invite Signoff to it with /invite @signoff. Signoff tries again now.",
        "✗ cards: Slack does not take the cards of 1 settled prompt in #news (restricted_action_read_only_channel). "
        "Let Signoff post there, in the settings of the channel or of the workspace. Signoff tries again now.",
        "✗ cards: Slack does not take the cards of 1 settled prompt in #odd (invalid_blocks). "
        "This is a fault of Signoff's: please report it. Signoff tries again now.",
        "✗ cards: Slack does not take the cards of 1 open and 1 settled prompt in #old (is_archived). "
        "Unarchive it, or name another channel in the policy. Signoff tries again now.",
    ]
    with empty.database() as db:
        assert len(claim_cards(db, a_worker(db), now=db.now())) == 5


POLICIES = """
[policy.flows.deploy]
approvers = ["@anna", "#oncall", "@ana"]

[policy.flows.migarte]
quorum = 2

[policy.tags.production]
channel = "#relaeses"
"""

FLOWS = """
from pydantic import ConfigDict
from signoff import Policy, RunInput, flow

class Deploy(RunInput):
    model_config = ConfigDict(json_schema_extra=Policy(quorum="all", threshold=0.5).in_schema())
    ok: bool

@flow(tags=["production"])
def deploy(): ...

@flow(policy=Policy(each_of=["@dev", "@dev"]))
def migrate(): ...

def owner_of(parameters): ...

@flow(policy=Policy(approvers=[owner_of], quorum=2))
def restart(): ...
"""


def test_the_doctor_says_what_is_wrong_with_the_policies_of_flows(empty: Shell, slack: Emulator) -> None:
    """As they hold for each flow, with what the settings add."""
    empty.write("signoff.toml", POLICIES)
    empty.write("flows.py", FLOWS)
    said = empty("doctor", "flows.py", **slack.environment())
    assert said.code == 1
    told = [line.partition(": ") for line in said.out.splitlines() if line[2:].startswith("policies:")]
    assert [line[2] for line in told if line[0].startswith("✗")] == [
        "A pause of migrate that sets nothing else fails: each_of: it names somebody twice. For two people of one "
        "group, use approvers and quorum=2. Its policy comes from @flow(policy=…).",
        "[policy.flows.migarte]: no flow in these files is called migarte. Did you mean migrate?",
        "The policy of the model Deploy is invalid in deploy: threshold: it takes the place of quorum. Set one of "
        "them.",
        "The policy of the model Deploy is invalid in restart: threshold: it takes the place of quorum. Set one of "
        "them.",
        "@anna cannot answer prompts of deploy. No person or user group has this handle. Did you mean @ana?",
        "#oncall cannot answer prompts of deploy. Signoff sees no such channel. If it is private, invite Signoff to "
        "it.",
        "Signoff sees no channel #relaeses, where deploy asks. If it is private, invite Signoff to it.",
        "@dev cannot answer prompts of migrate. No person or user group has this handle.",
    ]
    assert [line[2] for line in told if line[0].startswith("✓")] == [
        "deploy: channel #relaeses; approvers @anna, #oncall, @ana",
        "migrate: each_of @dev, @dev",
        "restart: approvers owner_of; quorum 2",
    ]
    empty.write("signoff.toml", "[policy]\nquorom = 2")
    wrong = empty("doctor", "flows.py", **slack.environment())
    assert "✗ settings: signoff.toml: policy.quorom: a policy has no such field. Did you mean quorum?" in wrong.out
    assert "policy.quorom" in empty("worker", "flows.py").err
