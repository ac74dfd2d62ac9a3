"""Where a policy may stand: at the pause, in the model, in the flow's decorator, and in the settings."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ConfigDict

from signoff import Policy, RunInput, flow, pause_flow_run
from signoff.bot.service import Service
from signoff.flows.errors import InvalidFlow
from signoff.flows.flow import Flow
from signoff.store.prompts import prompts
from signoff.testing import Emulator
from tests.integration.bot.running_service import RunningService, settings_for
from tests.support.waiting import until_asked

HOUR = timedelta(hours=1)

SETTINGS = """
[policy]
channel = "#orders"
outside_slack = "never"
reject = 2

[policy.flows.deploy]
channel = "#releases"
approvers = ["@mei"]
quorum = 3
deadline = 7200
reject = "ends"

[policy.flows.migrate]
quorum = 2

[policy.tags.production]
channel = "#general"
requester_may_answer = false
"""


class Deploy(RunInput):
    """Whether to deploy."""

    model_config = ConfigDict(json_schema_extra=Policy(quorum=2, deadline=2 * HOUR).in_schema())

    ok: bool


@flow(name="migrate", policy=Policy(approvers=["@ben", "@mei"]))
def migrate() -> None:
    """Ask within another flow, and on its own."""
    pause_flow_run(bool, description="Migrate?", key="migrate")


@flow(name="deploy", policy=Policy(approvers=["@ana", "@ben"], quorum=5, deadline=3 * HOUR), tags=["production"])
def deploy() -> None:
    """Ask, with something left open in each place."""
    pause_flow_run(Deploy, policy=Policy(deadline=HOUR))
    migrate()


FLOWS: list[Flow[Any, Any]] = [deploy, migrate]


def test_each_place_decides_what_those_before_it_leave_open(slack: Emulator, sqlite_url: str, tmp_path: Path) -> None:
    """Field by field: the pause, the model, the flow, the settings for its name, for its tags, and for all."""
    file = tmp_path / "policies.toml"
    file.write_text(SETTINGS, encoding="utf-8")
    settings = settings_for(slack.api_url, sqlite_url, policies=str(file))
    with Service(settings, FLOWS, with_bot=True, grace=1.0) as started:
        slack.deliver_to(RunningService(slack, started).request_url)
        service = RunningService(slack, started)
        prompt, card = service.ask_in("#releases", deploy)
        assert prompt.policy == Policy(
            deadline=HOUR,
            quorum=2,
            approvers=["@ana", "@ben"],
            channel="#releases",
            requester_may_answer=False,
            outside_slack="never",
        )
        service.until_checked(prompt)
        for name in ("ana", "ben"):
            slack.person(name).press("Approve", message=card)
        nested = until_asked(service.db, prompt.run_id, number=2)
        # A flow that is called by another one goes by its own policy first, and then by that of the caller.
        assert nested.policy == Policy(
            approvers=["@ben", "@mei"],
            quorum=2,
            deadline=3 * HOUR,
            channel="#releases",
            requester_may_answer=False,
            outside_slack="never",
        )
        alone = service.ask(migrate)
        assert alone.policy == Policy(
            approvers=["@ben", "@mei"], quorum=2, channel="#orders", outside_slack="never", reject=2
        )
        assert prompts.get(service.db, alone.id).is_open


def test_a_policy_of_a_flow_is_a_policy() -> None:
    """And its tags are texts."""
    with pytest.raises(InvalidFlow, match=r"The policy of the flow ask is dict\. Give it a Policy"):
        flow(name="ask", policy={"quorum": 2})(migrate.fn)  # type: ignore[call-overload]
    with pytest.raises(InvalidFlow, match=r"The tags of the flow ask are a text\. Give it a list"):
        flow(name="ask", tags="production")(migrate.fn)
    with pytest.raises(InvalidFlow, match=r"The flow ask has the tag ''\. A tag is a text that is not empty"):
        flow(name="ask", tags=[""])(migrate.fn)
