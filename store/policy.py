"""The rules of a prompt as data: who may answer, who is notified and when, what happens at the deadline."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from signoff.store.places import Place, PlaceKind
from signoff.store.policy_faults import ExplainsFaults
from signoff.store.policy_parts import Escalation, Escalations, Rules, Stages
from signoff.store.policy_values import Approvers, Confirmation, Count, Duration, Hours, Names, Reminders
from signoff.store.sentences import faults_of
from signoff.store.working_hours import WorkingHours

SCHEMA_KEY = "x-signoff-policy"
"""The key of a model's JSON Schema that holds a policy."""

NO_FUNCTIONS = (
    "rules: each needs its function, `when`, which JSON cannot hold. So give rules to the pause or to the flow's "
    "decorator, and not to a model or a setting"
)
"""What is wrong with rules in a JSON Schema."""

MAX_DIRECT = 20
"""How many of a prompt's approvers get a card of their own."""

APPROVERS, REQUESTER = "approvers", "requester"
"""Whom `may_extend` may name besides people: whoever may answer, and whoever requested the run."""


class Policy(BaseModel, metaclass=ExplainsFaults):
    """The rules of one prompt. What it leaves open, the settings' defaults decide.

    Example:
        ```python
        Policy(channel="#releases", approvers=["@ana", "ben@example.com"], reminders=[timedelta(hours=4)])
        ```
    """

    # A rule that this version does not know must never be ignored: it may say who may not answer.
    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: str | None = Field(default=None, min_length=1)
    """Where the card is posted: `#name` or a channel id; or a person, by user id, `@handle` or e-mail address."""

    approvers: Approvers = ()
    """Who may answer: Slack user ids, `@handles` of people or user groups, user group ids, e-mail addresses, and
    `#names` or ids of channels, whose members are meant. Empty: everybody in the card's channel. A function is called
    with the run's parameters when the prompt opens, and returns such names."""

    each_of: Names = ()
    """In place of `approvers`: one of each of these has to agree, as in `["@dev", "@security"]`."""

    quiet: Names = ()
    """Who may answer, too, without being told: they are not mentioned, not reminded, and get no direct message."""

    notify: Literal["channel", "direct", "both"] = "channel"
    """Where the prompt's cards go: to `channel`, to each approver in `direct` messages, or to `both`. At most
    `MAX_DIRECT` people get a card of their own. With `both`, the one in the channel pings nobody."""

    requester_may_answer: bool = True
    """Whether the person who requested the run may answer."""

    quorum: Count | Literal["all"] = 1
    """How many people have to agree on the same values; `all` for everybody who is named."""

    threshold: Annotated[float, Field(gt=0, le=1)] | None = None
    """In place of `quorum`: which part of those who are named has to agree, rounded up. `0.66` is two of three."""

    reject: Count | Literal["ends"] = "ends"
    """How many people have to reject it; `ends` for one, whose rejection ends it."""

    distinct: bool = True
    """Whether one person counts for one entry of `each_of`, and in one of the `stages`, whatever groups they are in."""

    confirm: Confirmation = False
    """`True` has Slack ask whether a person is sure when they press a button that decides. A text has to be typed
    before a yes counts, and no button decides with one press."""

    deadline: Duration | None = None
    """How long after its opening the prompt times out. Overrides the pause's `timeout`."""

    at_deadline: Literal["fail", "continue", "approve", "reject", "escalate", "none"] = "fail"
    """`fail` raises `FlowPauseTimeout` in the flow; `continue` continues with the initial values, `approve` and
    `reject` with them and the yes or the no of the verdict. With `none` the prompt stays open, and is overdue; with
    `escalate` those of `escalation` who were not asked yet are asked then as well."""

    if_nobody: Literal["fail", "escalate", "wait"] = "fail"
    """What happens as soon as Slack has said that none of those who are named can answer: `fail` raises `NobodyToAsk`
    in the flow, `escalate` asks those of `escalation` at once, and fails if they cannot answer either, and `wait`
    waits for the deadline."""

    undo: Duration | None = None
    """How long a person's decision is held back, during which they alone can undo it; `None` for not at all."""

    outside_slack: Literal["claims", "own-name", "never"] = "claims"
    """Who may answer on the command line or from a program, where nobody checks who they are: `claims` lets them say
    who they are, `own-name` takes them for the user of their machine, `never` lets nobody answer outside of Slack."""

    assignment: Literal["claim", "round_robin", "least_loaded"] | None = None
    """Whether one person has the prompt at a time, who alone is reminded: `claim` for whoever takes it on,
    `round_robin` for one approver after the other, `least_loaded` for the one who has the fewest open prompts."""

    may_delegate: bool = False
    """Whether those who may answer may let other people of the workspace answer in their place."""

    reminders: Reminders = ()
    """How long after its opening each reminder is posted into the card's thread; `doubling` for one after 15 minutes,
    and then one whenever the prompt is twice as old."""

    may_extend: Names = ()
    """Who may give the prompt more time: people and user groups, as in `approvers`; `approvers` for whoever may answer,
    and `requester` for whoever requested the run."""

    escalation: Escalations = ()
    """Who may answer, too, once the prompt has been open for a while, and is told then."""

    working_hours: Hours = None
    """When people may be pinged by reminders, in the time zone that each of them has in Slack: `Mon-Fri 9:00-17:00`.
    What comes outside of a person's hours waits for them. The deadline does not."""

    rules: Rules = ()
    """Rules that answer when the prompt opens. Those that reject come first, then the others in their order."""

    sample: Annotated[float, Field(gt=0, le=1)] | None = None
    """Which part of what a rule would approve is put to people all the same: `0.05` is one of twenty."""

    comments: Literal["off", "on", "pause-clock"] = "off"
    """Whether people may comment from the card and ask the requester without deciding; with `pause-clock`, those who
    may answer can also stop the clock until the requester has answered."""

    stages: Stages = ()
    """Stages that follow each other, each with people of its own; in place of `approvers` and how many have to agree.
    It ends at the first that fails."""

    repeat: Duration | None = None
    """How long an approval by people counts again for the same request; by default each is asked."""

    max_pings_a_day: Count | None = None
    """How often one person may be pinged in 24 hours, by the reminders and escalations of all prompts together."""

    @property
    def escalations(self) -> tuple[Escalation, ...]:
        """The escalations in the order in which they come."""
        return tuple(sorted(self.escalation, key=lambda each: each.after))

    @property
    def hours(self) -> WorkingHours | None:
        """`working_hours`, understood."""
        return None if self.working_hours is None else WorkingHours.of(self.working_hours)

    @property
    def named(self) -> tuple[str, ...]:
        """Everybody whom the policy names as somebody who may answer; nobody if the channel may. Of a policy with
        stages, everybody whom one of them names.
        """
        if self.stages:
            of_stages = (self.at_stage(number).named for number in range(len(self.stages)))
            return tuple(dict.fromkeys(chain.from_iterable(of_stages)))
        listed = (each for each in self.approvers or self.each_of if isinstance(each, str))
        return tuple(dict.fromkeys((*listed, *self.quiet)))

    @property
    def functions(self) -> tuple[Callable[..., Any], ...]:
        """The functions that it has. A policy in the database has what they returned instead."""
        of_stages = (each for stage in self.stages for each in (*stage.approvers, stage.check))
        return tuple(each for each in (*self.approvers, *of_stages) if callable(each))

    def at_stage(self, number: int) -> "Policy":
        """The policy that holds in a stage; the same if there are no stages.

        Args:
            number: Of the stage, from 0. Behind the last one, the last is meant.
        """
        return _at_stage(self, min(number, len(self.stages) - 1)) if self.stages else self

    @property
    def ends_at_deadline(self) -> bool:
        """Whether the deadline settles the prompt. Otherwise it stays open, and is overdue."""
        return self.at_deadline not in ("escalate", "none")

    @property
    def word(self) -> str:
        """What has to be typed before a yes counts; empty if nothing has to be."""
        return self.confirm if isinstance(self.confirm, str) else ""

    @property
    def rotates(self) -> bool:
        """Whether a new prompt is assigned to one of those who are named."""
        return self.assignment in ("round_robin", "least_loaded")

    @property
    def takes_votes(self) -> bool:
        """Whether one answer may not be enough, be it a yes or a no."""
        return (self.quorum, self.threshold) != (1, None) or self.reject not in ("ends", 1) or bool(self.each_of)

    @property
    def counts_people(self) -> bool:
        """Whether it depends on the number of those who are named how many have to agree."""
        return self.quorum == "all" or self.threshold is not None

    @property
    def identities(self) -> Literal["claims", "own-name", "never"]:
        """`outside_slack`, and at least `own-name` where it matters whether two people are the same."""
        tells_apart = self.takes_votes or not self.requester_may_answer
        return "own-name" if tells_apart and self.outside_slack == "claims" else self.outside_slack

    def places(self) -> tuple[Place, ...]:
        """Where the prompt's cards go when it opens. Those of its approvers follow once it is known who that is."""
        if self.notify == "direct":
            return ()
        return (Place(PlaceKind.CHANNEL, self.channel or ""),)

    def in_schema(self) -> dict[str, Any]:
        """This policy as a part of a model's JSON Schema: `ConfigDict(json_schema_extra=policy.in_schema())`.

        Raises:
            ValueError: If it has rules, or functions, which no JSON Schema can hold.
        """
        if self.rules:
            raise ValueError(NO_FUNCTIONS)
        for function in self.functions:
            raise ValueError(
                f"A JSON Schema cannot hold the function {name_of_function(function)}. Set this policy at the pause."
            )
        return {SCHEMA_KEY: self.model_dump(mode="json", exclude_unset=True)}


@lru_cache(maxsize=256)
def _at_stage(policy: Policy, number: int) -> Policy:
    stage = policy.stages[number]
    of_stage = {name: getattr(stage, name) for name in ("approvers", "each_of", "quorum", "threshold", "reject")}
    if policy.distinct and policy.outside_slack == "claims":
        # It has to be known whether somebody has answered in an earlier stage.
        of_stage["outside_slack"] = "own-name"
    return policy.model_copy(update={**of_stage, "stages": ()})


def name_of_function(function: Callable[..., Any]) -> str:
    """What a function that a policy has is called in the ledger and in messages."""
    inner = getattr(function, "func", function)  # of a `functools.partial`
    return str(getattr(inner, "__name__", type(inner).__name__))


@dataclass(frozen=True, slots=True)
class BrokenPolicy:
    """A policy in the database that this version cannot read, such as one that a later version wrote.

    Attributes:
        stored: The policy as the database has it.
        reason: What is wrong with it: each place and what is wrong there.
    """

    stored: Any
    reason: str


def policy_from_json(stored: Any) -> Policy | BrokenPolicy:
    """The policy that was stored as JSON."""
    try:
        return Policy.model_validate(stored)
    except ValidationError as error:
        return BrokenPolicy(stored, faults_of(error))


def policy_as_json(policy: Policy | BrokenPolicy) -> Any:
    """A policy as the database keeps it, without what it leaves at the defaults."""
    if isinstance(policy, BrokenPolicy):
        return policy.stored
    return policy.model_dump(mode="json", exclude_defaults=True)
