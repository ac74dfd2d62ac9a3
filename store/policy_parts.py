"""The parts of a policy that have fields of their own: rules, stages and escalations."""

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from signoff.store.policy_faults import ExplainsFaults
from signoff.store.policy_values import Approvers, Count, Duration, Names, several

MAX_STAGE_NAME = 60
"""How long the name of a stage may be."""

Check = Callable[[Mapping[str, Any]], bool | str]
"""A function of the flow's author that checks something. It is given the run's parameters by name, as the flow gets
them, and returns `True`, or `False` or a text that says why it has failed."""


def _callable(value: Any) -> Any:
    if value is not None and not callable(value):
        raise ValueError("give a function, such as `lambda refund: refund.amount < 100`")
    return value


def _check(value: Any) -> Any:
    if inspect.iscoroutinefunction(value):
        raise ValueError(f"give a function that is not async in place of {value.__name__}")
    # In the database it is the function's name.
    if callable(value) or (isinstance(value, str) and value) or value is None:
        return value
    raise ValueError("give a function that returns True, or a text that says why it has failed")


def _title(value: str) -> str:
    if not value.strip() or len(value) > MAX_STAGE_NAME or not value.isprintable():
        raise ValueError(f"give a name on one line, of at most {MAX_STAGE_NAME} characters, such as Peer review")
    return value.strip()


class Rule(BaseModel, metaclass=ExplainsFaults):
    """A rule that answers a prompt when it opens, in place of a person.

    Example:
        ```python
        Rule(when=lambda refund: refund.amount < 100, then="approve", note="below the limit")
        ```
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    # The database keeps what a rule has said. It cannot keep the function.
    when: Annotated[Callable[[Any], bool] | None, BeforeValidator(_callable)] = Field(
        default=None, exclude=True, repr=False
    )
    """Whether the rule holds: a function that gets the answer as the flow would get it if it were approved as it is,
    and returns `True` or `False`."""

    then: Literal["approve", "reject", "ask"]
    """`approve` and `reject` answer the prompt; `ask` stops, so that a person has to answer."""

    note: Annotated[str, Field(min_length=1, max_length=60)]
    """What the rule is called on the card and in the ledger: `below the limit`."""


class Stage(BaseModel, metaclass=ExplainsFaults):
    """One of several stages that a prompt goes through. Its rules are those of a `Policy`, for this stage alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, AfterValidator(_title)]
    """What people read: `Peer review`."""

    approvers: Approvers = ()
    """Who may answer in this stage; everybody in the card's channel if it names nobody."""

    each_of: Names = ()
    """In place of `approvers`: one of each of these has to agree."""

    quorum: Count | Literal["all"] = 1
    """How many people have to agree on the same values."""

    threshold: Annotated[float, Field(gt=0, le=1)] | None = None
    """In place of `quorum`: which part of those who are named has to agree."""

    reject: Count | Literal["ends"] = "ends"
    """How many people have to reject it."""

    deadline: Duration | None = None
    """How long after the beginning of the stage the prompt times out."""

    check: Annotated[Check | str | None, PlainValidator(_check)] = None
    """A function that checks something in place of people. Stages with a check come first."""


class Escalation(BaseModel, metaclass=ExplainsFaults):
    """More people may answer a prompt once it has been open for a while."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: Duration
    """How long after the prompt's opening."""

    to: Annotated[Names, Field(min_length=1)]
    """Who may answer from then on, too: people and user groups, as in `approvers`. They are told in the card's
    thread."""

    channel: str | None = Field(default=None, min_length=1)
    """Where the prompt gets a card then, besides its others: `#name` or a channel id; or a person."""


def _several_stages(value: Any) -> Any:
    if isinstance(value, Stage | Mapping):
        raise ValueError("give a list, even of one stage")
    return several(value)


Rules = Annotated[tuple[Rule, ...], BeforeValidator(several)]
"""The rules of a policy."""

Stages = Annotated[tuple[Stage, ...], BeforeValidator(_several_stages)]
"""The stages of a policy."""

Escalations = Annotated[tuple[Escalation, ...], BeforeValidator(several)]
"""The escalations of a policy."""
