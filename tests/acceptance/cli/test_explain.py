"""`signoff policy explain` says who would be asked and what would happen, without running the flow."""

import xml.etree.ElementTree as ElementTree

from tests.acceptance.shell import Shell

FLOW = '''\
from datetime import timedelta
from pathlib import Path

from signoff import Policy, RunInput, ask, flow, pause_flow_run, suspend_flow_run, task

HOUR = timedelta(hours=1)
LEADS = Policy(
    channel="#releases",
    approvers=["@release-leads"],
    quorum=2,
    requester_may_answer=False,
    reminders=[HOUR, 4 * HOUR],
    deadline=timedelta(days=1),
)


class Release(RunInput):
    """Whether it may go out."""

    approved: bool


def whoever_is_on_call() -> Policy:
    Path("called").touch()
    return Policy(approvers=["@mei"])


@task
def ask_finance() -> bool:
    in_turn = Policy(approvers=["@fin"], assignment="round_robin", may_delegate=True)
    return ask(bool, description="Within the budget?", policy=in_turn).result()


@flow
def release(version: str) -> None:
    Path("run").touch()
    strict = Policy(approvers=["@ops"], deadline=30 * timedelta(minutes=1), at_deadline="continue")
    pause_flow_run(Release.with_initial_data(description=version), policy=LEADS)
    suspend_flow_run(Release.with_initial_data(approved=False), policy=strict)
    suspend_flow_run(bool, description="Page somebody?", policy=whoever_is_on_call())
    ask_finance()


@flow
def report() -> None:
    print("Nothing to ask.")
'''


def test_each_question_of_a_flow_is_explained_with_its_timeline(empty: Shell) -> None:
    """The questions of tasks, too. What only a run can tell is said to be that, and nothing is called."""
    empty.write("release.py", FLOW)
    said = empty("policy", "explain", "release.py:release", "--pictures", "pictures")
    assert (said.code, said.err) == (0, "")
    assert (
        said.out
        == """\
Release  (release.py:38, pause_flow_run(Release.with_initial_data(description=version)))
  @release-leads may answer.
  2 people must agree. One rejection ends it.
  Whoever requests the run may not.

    at once  ●  The card is posted in #releases.
  after 1 h  ●  A reminder to those who still have to answer, in the card's thread.
  after 4 h  ●  A reminder to those who still have to answer, in the card's thread.
  after 1 d  ■  It times out, and the flow gets FlowPauseTimeout.
  Drawn in pictures/release-38.svg

Release  (release.py:39, suspend_flow_run(Release.with_initial_data(approved=False)))
  @ops may answer.

       at once  ●  The card is posted in the channel of SIGNOFF_CHANNEL.
  after 30 min  ■  It times out, and the flow goes on with the initial values.
  Drawn in pictures/release-39.svg

Page somebody?  (release.py:40, suspend_flow_run(bool))
  Who is asked, only a run can tell: its policy is made there.

Within the budget?  (release.py:31, ask(bool))
  @fin may answer.
  It is assigned to one of them, in turn, who alone is reminded.
  They may let a colleague answer in their place.

    at once  ●  The card is posted in the channel of SIGNOFF_CHANNEL.
  after 1 h  ■  It times out, and the flow gets FlowPauseTimeout.
  Drawn in pictures/release-31.svg
"""
    )
    drawn = ElementTree.parse(empty.folder / "pictures" / "release-38.svg").getroot()
    assert "after 4 h" in [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert sorted(each.name for each in empty.folder.iterdir()) == ["pictures", "release.py"]


def test_what_cannot_be_explained_is_one_sentence(empty: Shell) -> None:
    """A flow that asks nothing, a flow that does not exist, and a policy that contradicts itself."""
    empty.write("release.py", FLOW)
    silent = empty("policy", "explain", "release.py:report")
    assert (silent.code, silent.out) == (1, "")
    assert silent.err == "The code of the flow 'report' asks nothing, as far as it can be read without a run.\n"
    missing = empty("policy", "explain", "release.py:relase")
    assert (missing.code, missing.err) == (1, "release.py has no flow 'relase'. It has: release, report.\n")
    empty.write("wrong.py", FLOW.replace("quorum=2,", "quorum=2,\n    threshold=0.5,"))
    wrong = empty("policy", "explain", "wrong.py:release")
    assert wrong.out.splitlines()[1] == (
        "  The policy is invalid: threshold: it takes the place of quorum. Set one of them."
    )


def test_the_policy_of_the_flow_and_of_the_settings_counts(empty: Shell) -> None:
    """Of a function among the approvers, only a run can tell whom it finds."""
    empty.write("signoff.toml", "[policy.tags.production]\nrequester_may_answer = false")
    empty.write(
        "deploy.py",
        "from signoff import Policy, flow, pause_flow_run\n\n"
        "def owner_of(parameters): ...\n\n"
        "@flow(policy=Policy(approvers=[owner_of], quorum=2), tags=['production'])\n"
        "def deploy():\n    pause_flow_run(bool)\n",
    )
    said = empty("policy", "explain", "deploy.py")
    assert said.code == 0
    assert "Whoever owner_of finds may answer." in said.out
    assert "2 people must agree." in said.out
    assert "Whoever requests the run may not." in said.out


def test_stages_are_explained_in_a_line_each(empty: Shell) -> None:
    """Whom each asks, and how many of them."""
    empty.write(
        "staged.py",
        "from signoff import Policy, Stage, flow, pause_flow_run\n\n"
        "def run_tests(parameters): ...\n\n"
        "STAGES = [Stage(name='Tests', check=run_tests), Stage(name='Peer', approvers=['@dev'], quorum=2)]\n\n"
        "@flow(policy=Policy(stages=STAGES))\n"
        "def deploy():\n    pause_flow_run(bool)\n",
    )
    said = empty("policy", "explain", "staged.py")
    assert "Stage 1, Tests: The check run_tests." in said.out
    assert "Stage 2, Peer: @dev may answer. 2 people must agree. One rejection ends it." in said.out
