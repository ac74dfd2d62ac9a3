"""A new prompt is assigned to one person: in turn, or to whoever has the fewest."""

from typing import Any

import pytest

from signoff.flows.approval.policy import conflict
from signoff.store import ledger
from signoff.store.policy import Policy
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Prompt
from signoff.testing import VisibleMessage
from tests.integration.bot.asking import release_together
from tests.integration.bot.running_service import RunningService
from tests.integration.bot.test_absences import away, says
from tests.integration.bot.test_assignment import ANA, BEN, remind, shows
from tests.support.waiting import until, until_asked

GROUP = ["@release-leads"]


def assigned(service: RunningService, *, requester: str | None = None, **policy: Any) -> tuple[Prompt, str]:
    """A new prompt, and the name of the person to whom it is assigned."""
    policy = {"approvers": GROUP, "assignment": "round_robin", **policy}
    run = release_together.create_run({"policy": policy}, db=service.db, requester=requester)
    prompt = until_asked(service.db, run.id)
    return prompt, holder(service, prompt)


def holder(service: RunningService, prompt: Prompt, without: str = "") -> str:
    """The name of the person who has it, once it is another one."""

    def look() -> str | None:
        assignee = prompts.get(service.db, prompt.id).assignment.assignee
        return None if assignee is None or assignee.name == without else assignee.name

    return until(service.db, look, what="somebody to whom it is assigned")


def pings(seen: VisibleMessage) -> bool:
    """Whether a message notifies anybody besides those who get it anyhow."""
    return "<!subteam" in seen.full_text or f"<@{BEN}>" in seen.full_text


def test_the_people_of_a_group_are_assigned_in_turn(service: RunningService) -> None:
    """Each gets it in direct messages and is reminded there; the channel's card pings nobody, and others may answer."""
    prompt, name = assigned(service, reminders=["PT1H"])
    assert name == "Ana Ruiz"
    direct = service.slack.person("ana").wait_for_message("@signoff", "May it go out?")
    card = shows(service, f"*<@{ANA}> has this*")
    assert not pings(card)
    assert "@release-leads may answer." in card.full_text
    reminder = remind(service, prompt, "ana", "@signoff")
    assert reminder.thread_ts == direct.ts
    assert f"Still waiting for <@{ANA}>." in reminder.full_text
    (line,) = (line for line in ledger.lines(service.db, prompt.id) if line.event == "assigned")
    assert (line.detail["to"], line.detail["why"]) == ("Ana Ruiz", "their turn")
    others = [assigned(service)[1] for _ in range(3)]
    assert others == ["Ben Okafor", "Ana Ruiz", "Ben Okafor"]
    service.slack.person("ben").press("Approve", message=card)
    assert service.over(prompt).result == "approved: True by Ben Okafor (slack)"


def test_whoever_has_the_fewest_open_prompts_gets_the_next(service: RunningService) -> None:
    """Of those who have as many, the one whose turn it is."""
    first = [assigned(service, assignment="least_loaded") for _ in range(3)]
    assert [name for _, name in first] == ["Ana Ruiz", "Ben Okafor", "Ana Ruiz"]
    for prompt, name in first:
        if name == "Ana Ruiz":
            service.slack.person("ana").press("Approve", message=service.card(prompt))
            service.over(prompt)
    assert assigned(service, assignment="least_loaded")[1] == "Ana Ruiz"
    assert assigned(service, assignment="least_loaded")[1] == "Ben Okafor"


def test_nobody_is_assigned_who_is_not_there(service: RunningService) -> None:
    """Not those who are away, are deactivated or requested it, nor those who need not be told."""
    service.slack.client.set_user_group("dev", ["ana", "ben", "chloe", "dmitri", "mei"])
    service.slack.client.change_person("chloe", deleted=True)
    away(service, "ana", "@mei")
    policy: dict[str, Any] = {"approvers": ["@dev"], "requester": "U0BENOKAF1"}
    assert [assigned(service, **policy)[1] for _ in range(3)] == ["Dmitri Sokolov", "Mei Tanaka", "Dmitri Sokolov"]
    says(service, "ana", "back")
    assert assigned(service, **policy)[1] == "Ana Ruiz"
    assert assigned(service, approvers=["@mei", "@dmitri"], quiet=["@dmitri"])[1] == "Mei Tanaka"


def test_a_prompt_that_is_given_back_goes_to_the_next(service: RunningService) -> None:
    """And when nobody is left, to all of them, who are told. Whoever wants it can take it then."""
    prompt, name = assigned(service)
    assert name == "Ana Ruiz"
    service.slack.person("ana").press("Release", message=shows(service, f"*<@{ANA}> has this*"))
    assert holder(service, prompt, without="Ana Ruiz") == "Ben Okafor"
    service.slack.person("ben").press("Release", message=shows(service, f"*<@{BEN}> has this*"))
    service.until_noted(prompt, "left_to_all")
    told = service.slack.person("mei").wait_for_message("#releases", "Nobody is there to whom this could be assigned")
    assert "<!subteam^S0RELEASE1>" in told.full_text
    card = shows(service, "@release-leads may answer.")
    service.slack.person("ana").press("I'll take it", message=card)
    assert holder(service, prompt) == "Ana Ruiz"


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ({}, "assignment: round_robin among whom?"),
        ({"approvers": ["@ana"], "quiet": ["@ana"]}, "assignment: round_robin among whom?"),
        ({"approvers": ["#oncall"]}, "assignment: apps and guests are among the members of #oncall."),
        ({"approvers": ["@ana"], "notify": "direct"}, "notify: the one to whom it is assigned gets it"),
        ({"approvers": ["@ana", "@ben"], "quorum": 2}, "assignment: one person has the prompt then"),
    ],
)
def test_a_policy_under_which_nobody_could_be_assigned_is_refused(policy: dict[str, Any], told: str) -> None:
    """At the pause, with the name of the field."""
    assert conflict(Policy(assignment="round_robin", **policy), None).startswith(told)
