"""Python programs in processes of their own that have imported everything before they start.

Nearly all of the processor time of a short program goes into its imports, and the tests start some five hundred. So one
process imports what they need, and forks for each of them. Only imports have run in it, so a program starts as it would
otherwise. What it imports by itself is tested where it is started as usual. The demo, with a workspace in its
process, gives a press more time than Slack does.

Run as a program, this is the process that forks.
"""

import atexit
import gc
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from importlib import import_module
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.support.generous_limits import make_the_demo_generous

ROOT = Path(__file__).parents[2]
SIGNOFF = str(Path(sys.executable).with_name("signoff"))

IMPORTED = (
    *("signoff.bot.service", "signoff.bot.demo", "signoff.bot.cli", "alembic.command", "psycopg"),
    *("sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql.psycopg", "rich.markdown", "rich.table"),
)
"""What the programs import, some of it late."""

FOR_PYTHON = ("PYTHON", "LC_", "LANG", "LD_", "TZ")
"""Environment variables that count before a program begins."""

MAX_ORDER = 1 << 20
REPORT = struct.Struct("i")


in_tests = False
"""Set for the tests. Benchmarks measure programs that start as usual."""


def start(words: Sequence[str], *, env: Mapping[str, str] | None = None, **options: Any) -> subprocess.Popen[str]:
    """Start a program as `subprocess.Popen` does, in text mode.

    In tests on Linux it is preloaded if it is `signoff` or `python -m MODULE` of this environment, and `env` does not
    change how Python starts. In a module warnings are errors.
    """
    is_known = words[0] == SIGNOFF or [*words[:2]] == [sys.executable, "-m"]
    if in_tests and sys.platform == "linux" and is_known and not _concerns_python(env):
        return _Preloaded(words, env=env, text=True, **options)
    return subprocess.Popen(words, env=env, text=True, **options)


def _concerns_python(env: Mapping[str, str] | None) -> bool:
    if env is None:
        return False
    given, own = ({(k, v) for k, v in each.items() if k.startswith(FOR_PYTHON)} for each in (env, os.environ))
    return given != own


class _Preloaded(subprocess.Popen[str]):
    """A process that another one has forked, and whose end that one reports."""

    def _execute_child(self, *given: Any) -> None:
        """Replaces the one step of `Popen` that starts a program of this process's own."""
        names = signature(subprocess.Popen._execute_child).bind(self, *given).arguments  # type: ignore[attr-defined]
        own = (0, 1, 2)
        files = [
            default if file == -1 else file
            for file, default in zip((names["p2cread"], names["c2pwrite"], names["errwrite"]), own, strict=True)
        ]
        self._reports, reports = os.pipe()
        environment = os.environ if names["env"] is None else names["env"]
        order = {"words": [str(word) for word in names["args"]], "folder": str(names["cwd"] or Path.cwd())}
        _forking().order(order | {"environment": dict(environment)}, [*files, reports])
        os.close(reports)
        self.pid = self._report()
        self._child_created = True
        self._close_pipe_fds(  # type: ignore[attr-defined]
            *(names[end] for end in ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite"))
        )

    def _report(self) -> int:
        """What is reported next: its process id at first, and its status when it has ended."""
        (number,) = REPORT.unpack(os.read(self._reports, REPORT.size))
        return int(number)

    def _try_wait(self, flags: int) -> tuple[int, int]:
        if flags == os.WNOHANG and not select.select([self._reports], [], [], 0)[0]:
            return 0, 0
        status = self._report()
        os.close(self._reports)
        return self.pid, status

    def _internal_poll(self, *_: Any, **__: Any) -> int | None:
        if self.returncode is None:
            pid, status = self._try_wait(os.WNOHANG)
            if pid:
                self._handle_exitstatus(status)  # type: ignore[attr-defined]
        return self.returncode


class _Forking:
    """The process that forks, as the tests see it."""

    def __init__(self) -> None:
        self._orders, orders = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with orders:
            command = [sys.executable, "-m", __name__, str(orders.fileno())]
            self._process = subprocess.Popen(command, cwd=ROOT, pass_fds=[orders.fileno()], stdin=subprocess.DEVNULL)
        atexit.register(self._end)

    def order(self, order: Mapping[str, Any], files: Sequence[int]) -> None:
        """Have a program started with these files: the standard ones, and one for reports."""
        socket.send_fds(self._orders, [json.dumps(order).encode()], files)

    def _end(self) -> None:
        self._orders.close()
        self._process.wait()


@cache
def _forking() -> _Forking:
    return _Forking()


def main(orders: str) -> None:
    """Fork for each order, until there are no more."""
    for name in IMPORTED:
        import_module(name)
    commands = import_module("signoff.bot.cli")
    for module in pkgutil.iter_modules(commands.__path__, f"{commands.__name__}."):
        import_module(module.name)
    gc.collect()
    # Not looked through any more, here and in the forks, where that would copy all of it.
    gc.freeze()
    running: dict[int, int] = {}

    def report(*_: object) -> None:
        while running:
            child, status = os.waitpid(-1, os.WNOHANG)
            if not child:
                return
            reports = running.pop(child)
            with suppress(OSError):  # nobody waits for it
                os.write(reports, REPORT.pack(status))
            os.close(reports)

    signal.signal(signal.SIGCHLD, report)
    with socket.socket(fileno=int(orders)) as channel:
        while True:
            message, files, _, _ = socket.recv_fds(channel, MAX_ORDER, 4)
            if not message:
                return
            # None may be reported before it is known.
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
            child = os.fork()
            if child == 0:
                channel.close()
                os._exit(_ended(_program(json.loads(message), files)))
            os.write(files[3], REPORT.pack(child))
            running[child] = files[3]
            for file in files[:3]:
                os.close(file)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])


def _program(order: Mapping[str, Any], files: Sequence[int]) -> Callable[[], object]:
    """Make of this process the one that was ordered; its program."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
    for number, file in enumerate(files[:3]):
        os.dup2(file, number)
    for file in files:
        os.close(file)
    unbuffered = bool(os.environ.get("PYTHONUNBUFFERED"))
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", buffering=1 if unbuffered else -1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    words = order["words"]
    # Not this module, from which the command would take its name.
    sys.modules["__main__"] = ModuleType("__main__")
    if words[0] == SIGNOFF:
        sys.argv = words
        sys.path[0] = str(Path(SIGNOFF).parent)
        if words[1:2] == ["demo"]:
            make_the_demo_generous()
        main: Callable[[], object] = import_module("signoff.bot.cli").main
        return main
    warnings.simplefilter("error")
    sys.argv = words[2:]
    sys.path[0] = order["folder"]
    return partial(runpy.run_module, words[2], run_name="__main__", alter_sys=True)


def _ended(program: Callable[[], object]) -> int:
    """Run it and do what Python does at the end, but leave the memory, which would be copied first; the exit code."""
    code = 0
    try:
        program()
    except SystemExit as end:
        code = int(end.code or 0) if end.code is None or isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    return code


if __name__ == "__main__":
    main(sys.argv[1])
