"""What it costs to start: the processor time of short commands, and the time until the demo's first card.

    uv run python -m tests.benchmarks.start

The commands run on a new database, with Python's bytecode in place and without it, as where `PYTHONDONTWRITEBYTECODE`
is set. Processor time is user and system time, which depends little on what else the machine does.

`signoff demo` is started with a new database, as a newcomer does: it creates the tables, starts the workspace, the bot,
the worker and the scheduler, connects by Socket Mode, and runs the example flows to their first question. The time of a
card is the one that the workspace gave its message.

The lines of a table are measured in turns, after one turn that warms the caches.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from signoff.testing import ControlClient
from tests.acceptance.command import SIGNOFF, Command
from tests.benchmarks.figures import Figure, print_table

TURNS = 9
STARTS = 5
PASS = [sys.executable, "-c", "pass"]
COMMANDS: Mapping[str, list[str]] = {
    "python -c pass": PASS,
    "signoff --help": [str(SIGNOFF), "--help"],
    "signoff pending": [str(SIGNOFF), "pending"],
    "signoff runs": [str(SIGNOFF), "runs"],
}
GOALS = {"signoff --help": "median ≤ 250", "signoff pending": "median ≤ 500"}


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([SIGNOFF, "db", "upgrade"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with_bytecode = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
        without = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": str(folder / "nothing")}
        measured: dict[str, Callable[[], float]] = {}
        for command, arguments in COMMANDS.items():
            measured[f"{command}, with bytecode"] = partial(cpu, arguments, folder, with_bytecode)
            measured[f"{command}, without"] = partial(cpu, arguments, folder, without)
        goals = {f"{command}, with bytecode": goal for command, goal in GOALS.items()}
        print("Processor time\n")
        print_figures(measured, TURNS, goals)
    print("Until the first card\n")
    first: dict[str, Callable[[], float]] = {"python -c pass": wall, "signoff demo: first card": first_card}
    print_figures(first, STARTS, {"signoff demo: first card": "median ≤ 3000"})


def print_figures(measured: Mapping[str, Callable[[], float]], turns: int, goals: Mapping[str, str]) -> None:
    """Take each measure in turns, and print the table."""
    samples: dict[str, list[float]] = {what: [] for what in measured}
    for turn in range(turns + 1):
        for what, measure in measured.items():
            taken = measure()
            if turn:
                samples[what].append(taken)
    print_table(Figure(what, taken, goals.get(what, "")) for what, taken in samples.items())


def cpu(arguments: list[str], folder: Path, environment: Mapping[str, str]) -> float:
    """Milliseconds of processor time that a command takes."""
    before = _children()
    subprocess.run(arguments, cwd=folder, env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL)
    return (_children() - before) * 1000


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def wall() -> float:
    """Milliseconds that an empty Python program takes, by the clock on the wall."""
    started = time.perf_counter()
    subprocess.run(PASS, check=True)
    return (time.perf_counter() - started) * 1000


def first_card() -> float:
    """Milliseconds until the first card is in the demo's workspace."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.time()
        with Command("demo", "--port", "0", folder=Path(folder)) as demo:
            client = ControlClient(demo.address())
            ana = client.person("ana")
            cards = [
                ana.wait_for_message(channel, lambda message: bool(message.buttons))
                for channel in ("#releases", "#orders", "#data")
            ]
            client.close()
            demo.interrupt()
    return (min(float(card.ts) for card in cards) - started) * 1000


if __name__ == "__main__":
    main()
