"""Finds coroutines of a flow's own functions that were never awaited.

`if approve():` takes the branch if `approve` is an async function of the user's, whatever it waits for. Python warns of
that when it deletes the coroutine, which in CPython is right after the condition, before the branch. So a step in the
branch can still be refused.
"""

import gc
import threading
import warnings
from typing import Any

from signoff.flows.durable.context import current_run_context
from signoff.flows.durable.pending_calls import location

_warn_unawaited = getattr(warnings, "_warn_unawaited_coroutine", None)
_collecting: set[int] = set()


def watch_coroutines() -> None:
    """Let a run fail if one of its coroutines is never awaited. Safe to call more than once."""
    # Python calls this function by its name for each such coroutine, before any filter. There is no public hook.
    if _warn_unawaited is not None:
        warnings._warn_unawaited_coroutine = _note  # type: ignore[attr-defined]
        if _on_collection not in gc.callbacks:
            gc.callbacks.append(_on_collection)


def _note(coroutine: Any) -> None:
    if str(coroutine.cr_frame.f_globals.get("__name__", "")).startswith("signoff."):
        return  # within a `PendingCall`, which says so itself; the garbage collector may delete this one first
    context = current_run_context()
    # The garbage collector runs at any time, so what it deletes may belong to another run.
    if context is not None and threading.get_ident() not in _collecting:
        context.journal.note_defect(
            f"{coroutine.__qualname__}() was never awaited{location()}, so it did not run. Write `await` in front of "
            "the call."
        )
    if _warn_unawaited is not None:
        _warn_unawaited(coroutine)


def _on_collection(phase: str, _: object) -> None:
    if phase == "start":
        _collecting.add(threading.get_ident())
    else:
        _collecting.discard(threading.get_ident())
