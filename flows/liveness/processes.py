"""Whether another process on this machine still runs. No clock is needed for that."""

import os
import socket
import uuid
from functools import cache
from pathlib import Path

_STATE, _STARTED = 0, 19
"""Where both are in `/proc/PID/stat`, after the name of the program (see proc_pid_stat(5))."""


@cache
def process_domain() -> str:
    """Identifies the scope of process ids: this boot of this machine, and this container.

    Within it a worker can see that another one has died, without waiting for its lease to expire.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return f"{uuid.getnode()}/{socket.gethostname()}"


def process_start(pid: int) -> str | None:
    """When a process started, in a form that is only compared; `None` if there is none, or the system does not tell."""
    fields = _stat(pid)
    return None if fields is None else fields[_STARTED]


def is_process_alive(pid: int, started: str | None) -> bool:
    """Whether the process runs that had this id when `process_start` gave `started`.

    Args:
        started: `None` if that is unknown. Then another process with the same id counts as this one.
    """
    fields = _stat(pid)
    if fields is not None:
        # One that was killed keeps its id until its parent takes note, which may never happen in a container.
        return fields[_STATE] not in ("Z", "X") and started in (None, fields[_STARTED])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    # The name of the program may contain spaces and parentheses.
    return text.rpartition(")")[2].split()
