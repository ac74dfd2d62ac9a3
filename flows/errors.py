"""The errors that a flow, or a program that starts one, may have to handle.

```
FlowsError
├── FlowPauseTimeout      nobody answered in time
├── PromptRejected        a person rejected the prompt: who, and why
├── NobodyToAsk           none of the approvers can answer: who they are, and what to write instead
├── NotPausedError        the run is not waiting for an answer
├── NotAllowed            this person may not answer
├── InvalidInput          the values do not fit what was asked
├── MissingContextError   this works only within a flow run
├── InvalidFlow           the function or file cannot be run as a flow
├── InvalidParameters     the parameters do not fit the flow
├── BadSettings           a setting is missing or invalid
├── MappingLengthMismatch, MappingMissingIterable   `Task.map` cannot tell what each call gets
├── UnserializableResult  a result cannot be recorded
├── StepTimeout           a task took longer than its `timeout_seconds`
├── FlowTimeout           a flow took longer than its `timeout_seconds`
├── StepFailed            stands for a recorded error that cannot be recreated
├── UnknownEngine         no installed package provides that engine
├── BrokenEngine          an engine is installed and cannot be loaded
├── EngineUnavailable     an engine cannot be reached now; it is tried again
└── InvalidPause          people cannot be asked what an engine has reported

Unwind (BaseException)    takes a run out of memory; a flow must never catch it
├── Suspended             the run waits outside of memory
├── Released              the worker stops; the run continues elsewhere
│   └── FlowEnded         the flow has ended, and code that it left running comes to a step
├── RunCancelled          somebody cancelled the run
├── AttentionNeeded       what the code does no longer fits what the run has recorded
│   └── CodeChanged       … because the code was edited
├── FlowDefect            the code has a mistake that would lose work, such as a missing `await`
└── Abandoned             nobody waits for this part of the flow any more; the rest continues
```
"""

from signoff.store.redaction import redacted


class FlowsError(Exception):
    """A flow could not be run, or could not continue."""


class FlowPauseTimeout(FlowsError):
    """Nobody answered before the deadline."""


class PromptRejected(FlowsError):
    """A person, or a rule of the policy, rejected the prompt.

    Attributes:
        by: The person's name; if nobody has checked it, also who claims it. Or the rule.
        by_id: The person's id in the ledger, such as a Slack user id; `rule` for a rule.
        reason: The reason in the person's words, or the note of the rule.
        stage: The stage of the policy in which they did; empty if it has none.
    """

    def __init__(self, by: str, by_id: str, reason: str, stage: str = "") -> None:
        super().__init__(by, by_id, reason, *([stage] if stage else []))
        self.stage = stage
        self.by = by
        self.by_id = by_id
        self.reason = reason

    def __str__(self) -> str:
        by = f"Rejected by {self.by}{f' ({self.stage})' if self.stage else ''}"
        return f"{by}: {self.reason}" if self.reason else by


class NobodyToAsk(FlowsError):
    """None of those whom the policy names can answer. The message names them, and says what to write instead."""


class NotPausedError(FlowsError):
    """The run is not waiting for an answer."""


class NotAllowed(FlowsError):
    """This person may not answer the prompt."""


class InvalidInput(FlowsError):
    """The values do not fit what was asked."""


class MissingContextError(FlowsError):
    """This works only within a flow run."""


class InvalidFlow(FlowsError):
    """The function or file cannot be run as a flow."""


class InvalidParameters(FlowsError):
    """The parameters do not fit the flow."""


class BadSettings(FlowsError):
    """A setting is missing or invalid. The message names it and says what to do."""


class MappingLengthMismatch(FlowsError):
    """The iterables for `Task.map` have different lengths."""


class MappingMissingIterable(FlowsError):
    """No argument of `Task.map` is iterable."""


class UnserializableResult(FlowsError):
    """A result cannot be recorded, because a replay could not return it as it is."""


class StepTimeout(FlowsError):
    """A task took longer than its `timeout_seconds`."""


class FlowTimeout(FlowsError):
    """A flow took longer than its `timeout_seconds`; waiting for people does not count."""


class StepFailed(FlowsError):
    """A task failed in an earlier execution of this run, with an error that cannot be recreated."""


class Unwind(BaseException):
    """Takes a run out of memory. It does not derive from `Exception`, so that a flow does not catch it by accident.

    Attributes:
        where: Where the flow's code was when it was raised, for a message; empty if the traceback says it.
        is_repeated: Whether it was raised once already, and the flow has come to another step.
    """

    where: str = ""
    is_repeated: bool = False

    def again(self, *, is_repeated: bool = False) -> "Unwind":
        """A copy to be raised elsewhere. This one keeps the traceback of where it was raised first."""
        copy = type(self)(*self.args)
        copy.is_repeated = is_repeated
        return copy


class Suspended(Unwind):
    """The run waits for an answer outside of memory."""


class Released(Unwind):
    """The worker stops. The run is replayed by another worker, or after a restart."""


class RunCancelled(Unwind):
    """Somebody cancelled the run."""


class AttentionNeeded(Unwind):
    """What the code does no longer fits what the run has recorded, so a person has to decide what to do."""


class CodeChanged(AttentionNeeded):
    """The code was edited so that it no longer fits what the run has recorded."""


class FlowEnded(Released):
    """The flow has returned, or failed. Code that it left running cannot do anything in its run any more."""


class FlowDefect(Unwind):
    """The code has a mistake that would lose work, such as a missing `await`. The run fails with `InvalidFlow`."""


class Abandoned(Unwind):
    """Nobody waits for this part of the flow any more, after a timeout for instance. The rest of it continues."""


class UnknownEngine(FlowsError):
    """No installed package provides the engine of this name."""


class BrokenEngine(FlowsError):
    """An engine is installed and cannot be loaded."""


def public_summary(error: BaseException) -> str:
    """An error as the people in a channel may see it: a sentence of Signoff's own, or else its class.

    Its message stays in the run and in the log. A library may have put anything into it.
    """
    match error:
        case PromptRejected():
            return redacted(str(error))  # what the card says already
        case NobodyToAsk():
            return "Nobody can answer what it asks"
        case FlowPauseTimeout():
            return "Nobody answered in time"
        case FlowTimeout():
            return "It took too long"
        case AttentionNeeded():
            return "Its code no longer fits what it has recorded"
        case _:
            return type(error).__name__


def error_summary(error: BaseException) -> str:
    """An error as one line: its type and its message."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - a user's exception may fail in `__str__`
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
