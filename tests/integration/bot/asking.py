"""The flows that the tests use."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import count
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from signoff import (
    Policy,
    PromptRejected,
    Rule,
    RunInput,
    Stage,
    ask,
    asuspend_flow_run,
    flow,
    pause_flow_run,
    suspend_flow_run,
)
from signoff.flows.flow import Flow

APPROVERS = ["@ana", "ben@example.com"]


class Approval(RunInput):
    """Whether a release may go out."""

    approved: bool
    reason: str = Field(default="", validate_default=True)

    @field_validator("reason")
    @classmethod
    def _say_why_not(cls, reason: str, others: ValidationInfo) -> str:
        if others.data.get("approved") is False and not reason.strip():
            raise ValueError("Say what has to change.")
        return reason

    @field_validator("reason")
    @classmethod
    def _be_short(cls, reason: str) -> str:
        if len(reason) > 40:
            raise ValueError("Say it in 40 characters.")
        return reason


class NeedsReason(RunInput):
    """A verdict that always needs a reason."""

    approved: bool
    reason: str


class Shirt(RunInput):
    """Which shirt."""

    size: Literal["small", "large"]
    color: str


@flow(name="approve")
def approve(deadline: float | None = None, reminder: float | None = None, where: str | None = "#releases") -> str:
    """Ask two people for a yes or a no."""
    policy = Policy(
        channel=where,
        approvers=APPROVERS,
        deadline=None if deadline is None else timedelta(seconds=deadline),
        reminders=[] if reminder is None else [timedelta(seconds=reminder)],
    )
    answer = suspend_flow_run(wait_for_input=Approval.with_initial_data(description="May it go out?"), policy=policy)
    return f"approved: {answer.approved} {answer.reason}".strip()


@flow(name="give-a-reason")
def give_a_reason() -> str:
    """Ask for a verdict with its reason."""
    policy = Policy(channel="#releases", approvers=APPROVERS)
    answer = pause_flow_run(wait_for_input=NeedsReason.with_initial_data(description="And why?"), policy=policy)
    return f"approved: {answer.approved} because {answer.reason}"


@flow(name="shirt")
def shirt() -> str:
    """Ask anybody for a shirt."""
    answer = pause_flow_run(
        wait_for_input=Shirt.with_initial_data(description="Which one?", color="red"), policy=Policy(channel="#orders")
    )
    return f"{answer.size} {answer.color}"


@flow(name="secret")
def secret(where: str = "#board", approvers: Sequence[str] = (), if_nobody: Literal["fail", "wait"] = "fail") -> str:
    """Ask the members of a channel, or these people."""
    policy = Policy(channel=where, approvers=approvers, if_nobody=if_nobody)
    answer = pause_flow_run(wait_for_input=Approval.with_initial_data(description="Buy Northwind?"), policy=policy)
    return f"approved: {answer.approved}"


@flow(name="shout")
def shout(text: str) -> str:
    """Put a text everywhere that a flow can put one."""
    answer = pause_flow_run(
        wait_for_input=Approval.with_initial_data(description=text, reason=text[:40]),
        policy=Policy(channel="#releases", approvers=["@ana", text]),
    )
    return text + answer.reason


_versions = count()


@flow(name="fresh")
def fresh() -> str:
    """Ask something else in each execution."""
    version = f"1.{next(_versions)}"
    policy = Policy(channel="#releases", approvers=APPROVERS)
    return f"{version}: {suspend_flow_run(bool, description=f'Publish {version}?', policy=policy)}"


@flow(name="release-together")
def release_together(policy: dict[str, Any]) -> str:
    """Ask several people, and say who has voted."""
    rules = Policy.model_validate({"channel": "#releases", **policy})
    asked = ask(Approval.with_initial_data(description="May it go out?"), policy=rules)
    answer = asked.result()
    voters = ", ".join(f"{vote.actor.name} ({vote.via})" for vote in asked.votes)
    return f"approved: {answer.approved} {answer.reason}".strip() + f" by {voters}"


@flow(name="order-together")
def order_together(policy: dict[str, Any]) -> str:
    """Ask several people for the same shirt."""
    return str(pause_flow_run(Shirt.with_initial_data(color="red"), policy=Policy(channel="#orders", **policy)))


@flow(name="start-another")
def start_another(policy: dict[str, Any]) -> str:
    """Start a run of another flow."""
    return release_together.create_run({"policy": policy}).id


owner_calls: list[Mapping[str, Any]] = []
"""The parameters with which `owner_of` was called."""

_OWNERS: dict[str, Any] = {
    "shop": ["@ana", "ben@example.com"],
    "cart": "@ben",
    "own": "ana@example.com",
    "none": None,
    "empty": [],
    "number": 7,
    "numbers": [7],
    "misspelt": ["Ana Ruiz"],
}


def owner_of(parameters: Mapping[str, Any]) -> Any:
    """Who owns a service."""
    owner_calls.append(dict(parameters))
    if parameters["service"] == "pausing":
        return pause_flow_run(str)
    return _OWNERS[parameters["service"]]


def _owners(service: str, urgent: bool) -> Policy:
    approvers = ["@mei", owner_of] if urgent else [owner_of]
    return Policy(channel="#releases", approvers=approvers, requester_may_answer=service != "own")


@flow(name="ask-owner")
def ask_owner(service: str, urgent: bool = False) -> bool:
    """Ask whoever owns a service, outside of memory."""
    return suspend_flow_run(bool, description=f"Restart {service}?", policy=_owners(service, urgent))


@flow(name="ask-owner-async")
async def ask_owner_async(service: str, urgent: bool = False) -> bool:
    """The same, in an event loop."""
    return await asuspend_flow_run(  # type: ignore[no-any-return]
        bool, description=f"Restart {service}?", policy=_owners(service, urgent)
    )


class Refund(RunInput):
    """Whether money goes back."""

    amount: int
    customer: str
    approved: bool


class Deployment(RunInput):
    """Whether a version goes out."""

    version: str
    approved: bool


class Transfer(RunInput):
    """Money that goes out, if nobody rejects it."""

    amount: int


def is_below_limit(refund: Any) -> bool:
    """A rule that cannot be applied to every amount."""
    return bool(100 / refund.amount > 1)


REFUND_RULES = (
    Rule(when=is_below_limit, then="approve", note="below the limit"),
    Rule(when=lambda refund: "fraud" in refund.customer, then="reject", note="known for <!channel> fraud"),
    Rule(when=lambda refund: refund.amount > 10_000, then="ask", note="a large sum"),
    Rule(when=lambda refund: refund.customer == "VIP", then="approve", note="a good customer"),
    Rule(when=lambda refund: refund.customer, then="approve", note="has a name"),
)


@flow(name="refund")
def refund(amount: int, customer: str = "", sample: float | None = None, quorum: int = 1) -> str:
    """Ask whether to refund, unless a rule answers."""
    policy = Policy(channel="#orders", approvers=["@mei"], rules=REFUND_RULES, sample=sample, quorum=quorum)
    asked = ask(
        Refund.with_initial_data(description="Refund it?", amount=amount, customer=customer),
        policy=policy,
        suspend=True,
    )
    answer, by = asked.result(), asked.answered_by
    return f"{answer.approved} for {answer.amount} by {by.id}: {by.name}" if by is not None else "nobody"


@flow(name="transfer")
def transfer(amount: int) -> str:
    """Ask whether a transfer may go out, with a rule that rejects."""
    rules = [Rule(when=lambda it: it.amount > 100, then="reject", note="over the limit")]
    policy = Policy(channel="#orders", rules=rules)
    try:
        return f"sent {pause_flow_run(Transfer.with_initial_data(amount=amount), policy=policy).amount}"
    except PromptRejected as error:
        return f"not sent, {error.by_id}, {error.by}: {error.reason}"


@flow(name="deploy")
def deploy(
    version: str, policy: dict[str, Any] | None = None, question: str = "Deploy it?", deadline: float | None = None
) -> str:
    """Ask whether to deploy a version, unless the same was approved an hour ago."""
    rules = Policy(channel="#releases", approvers=["@ana", "@ben", "@mei"], repeat=timedelta(hours=1))
    changed = Policy(**(policy or {}), **({} if deadline is None else {"deadline": timedelta(seconds=deadline)}))
    asked = ask(
        Deployment.with_initial_data(description=question, version=version),
        policy=rules.model_copy(update={name: getattr(changed, name) for name in changed.model_fields_set}),
    )
    answer, by = asked.result(), asked.answered_by
    return f"{answer.approved} by {by.id}: {by.name}" if by is not None else "nobody"


@flow(name="consult")
def consult(comments: str = "on", deadline: float | None = 3600, reminder: float | None = None) -> str:
    """Ask for a yes or a no, of people who may ask back."""
    answer = suspend_flow_run(
        Approval.with_initial_data(description="May it go out?"),
        policy=Policy.model_validate(
            {
                "channel": "#releases",
                "approvers": ["@ana", "@mei"],
                "comments": comments,
                "deadline": deadline,
                "reminders": [] if reminder is None else [reminder],
            }
        ),
    )
    return f"approved: {answer.approved}"


@flow(name="publish")
def publish(policy: dict[str, Any]) -> dict[str, Any]:
    """Ask for a yes or a no, and say what came of it, and from whom."""
    asked = ask(bool, description="Publish 1.4?", policy=Policy(**{"channel": "#releases", **policy}))
    value = asked.result()
    return {"value": value, "by": asked.answered_by and asked.answered_by.name}


checks_called: list[str] = []
"""The checks that were called."""


def passes(parameters: Mapping[str, Any]) -> bool:
    """Check nothing."""
    assert parameters["stages"]
    checks_called.append("passes")
    return True


def fails(_: Mapping[str, Any]) -> str:
    """Say why it has failed."""
    return "3 of 812 tests fail"


def raises(_: Mapping[str, Any]) -> bool:
    """Cannot say anything."""
    raise RuntimeError("no runner")


def says_nothing(_: Mapping[str, Any]) -> None:
    """Forget the result."""


_CHECKS: dict[str, Any] = {each.__name__: each for each in (passes, fails, raises, says_nothing)}


def _stage(rules: dict[str, Any]) -> Stage:
    return Stage.model_validate({**rules, "check": _CHECKS.get(rules.get("check", ""))})


@flow(name="release-in-stages")
def release_in_stages(stages: list[dict[str, Any]], policy: dict[str, Any]) -> str:
    """Ask in stages, outside of memory."""
    rules = Policy.model_validate({"channel": "#releases", **policy, "stages": list(map(_stage, stages))})
    asked = ask(Approval.with_initial_data(description="May it go out?"), policy=rules, suspend=True)
    answer = asked.result()
    voters = ", ".join(f"{vote.actor.name} ({vote.stage})" for vote in asked.votes)
    return f"approved: {answer.approved} {answer.reason} by {voters}"


FLOWS: list[Flow[Any, Any]] = [
    *(approve, give_a_reason, shirt, secret, shout, fresh),
    *(release_together, order_together, start_another),
    *(ask_owner, ask_owner_async, release_in_stages),
    *(refund, transfer, deploy, consult, publish),
]
