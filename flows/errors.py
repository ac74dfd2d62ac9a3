"""What a flow, or who starts one, may have to handle.

```
FlowsError
├── FlowPauseTimeout      nobody answered in time
├── PromptRejected        a person said no: by whom, and why
├── NotPausedError        the run does not wait for an answer
├── NotAllowed            this person may not answer
├── InvalidInput          the values do not fit what was asked
├── MissingContextError   only a flow run can do this
├── InvalidFlow           the function, or its file, is no flow that can be run
├── InvalidParameters     the flow does not take these parameters
├── MappingLengthMismatch, MappingMissingIterable   `Task.map` cannot tell what each call gets
├── UnserializableResult  a result would not read back equal
├── StepTimeout           a task took longer than its `timeout_seconds`
├── FlowTimeout           a flow took longer than its `timeout_seconds`
├── StepFailed            stands for a recorded error that cannot be built again
├── UnknownEngine         no installed package provides that engine
├── BrokenEngine          an engine is installed and cannot be loaded
└── EngineUnavailable     an engine cannot be reached now; it is tried again

Unwind (BaseException)    ends a run's hold on memory; never to be caught by a flow
├── Suspended             the run waits, and holds nothing
├── Released              the worker stops; the run goes on elsewhere
├── RunCancelled          somebody cancelled the run
└── AttentionNeeded       the code no longer fits what the run has recorded
```
"""


class FlowsError(Exception):
    """A flow could not go on, or not be run."""


class FlowPauseTimeout(FlowsError):
    """Nobody answered before the deadline."""


class PromptRejected(FlowsError):
    """A person refused to give what was asked.

    Attributes:
        by: The person's name.
        by_id: What the ledger calls the person, such as a Slack user id.
        reason: Why, in the person's words.
    """

    def __init__(self, by: str, by_id: str, reason: str) -> None:
        super().__init__(by, by_id, reason)
        self.by = by
        self.by_id = by_id
        self.reason = reason

    def __str__(self) -> str:
        return f"Rejected by {self.by}: {self.reason}" if self.reason else f"Rejected by {self.by}"


class NotPausedError(FlowsError):
    """The run does not wait for an answer."""


class NotAllowed(FlowsError):
    """This person may not answer the prompt."""


class InvalidInput(FlowsError):
    """The values do not fit what was asked."""


class MissingContextError(FlowsError):
    """This can only be done within a flow run."""


class InvalidFlow(FlowsError):
    """The function, or the file, is no flow that can be run."""


class InvalidParameters(FlowsError):
    """The flow does not take these parameters."""


class MappingLengthMismatch(FlowsError):
    """What a task is mapped over has different lengths."""


class MappingMissingIterable(FlowsError):
    """A task is mapped over nothing that can be gone through."""


class UnserializableResult(FlowsError):
    """A result would not read back equal to what was returned, so it is not recorded."""


class StepTimeout(FlowsError):
    """A task took longer than its `timeout_seconds`."""


class FlowTimeout(FlowsError):
    """A flow took longer than its `timeout_seconds`; waiting for people does not count."""


class StepFailed(FlowsError):
    """A task failed in an earlier execution of this run, with an error that cannot be built again."""


class Unwind(BaseException):
    """Takes a run out of memory. A flow that catches `Exception` does not catch it."""


class Suspended(Unwind):
    """The run waits for an answer, and holds nothing meanwhile."""


class Released(Unwind):
    """The worker stops: the run is replayed by another, or after a restart."""


class RunCancelled(Unwind):
    """Somebody cancelled the run."""


class AttentionNeeded(Unwind):
    """The code no longer fits what the run has recorded: a person has to look."""


class UnknownEngine(FlowsError):
    """No installed package provides the engine of this name."""


class BrokenEngine(FlowsError):
    """An engine is installed and cannot be loaded."""


def error_summary(error: BaseException) -> str:
    """An error in one line: its type, and what it says."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - an error of the user's may fail to say what it is
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
