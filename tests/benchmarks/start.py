"""From the start of the process to the first card.

    uv run python -m tests.benchmarks.start

`signoff demo` is started with a new record, as a newcomer does: it makes the tables, starts the workspace, the bot, the
worker and the clock, connects by Socket Mode, and runs the example flows to their first question. A card's time is the
one that the workspace gave its message. Each line is taken as often, in turn with the others, after one start that
warms the file system's and Python's caches.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from signoff.bot.emulator.control.control_client import ControlClient
from tests.acceptance.command import Command
from tests.benchmarks.figures import Figure, print_table

STARTS = 5


def main() -> None:
    """Measure and print."""
    measured: dict[str, Callable[[], float]] = {
        "python -c pass": lambda: python("pass"),
        "python -c 'import signoff.bot.cli'": lambda: python("import signoff.bot.cli"),
        "python -c 'import signoff.bot.demo'": lambda: python("import signoff.bot.demo"),
        "signoff demo: first card": first_card,
    }
    goals = {"signoff demo: first card": "median ≤ 3000"}
    samples: dict[str, list[float]] = {what: [] for what in measured}
    for number in range(STARTS + 1):
        for what, measure in measured.items():
            taken = measure()
            if number:
                samples[what].append(taken)
    print_table(Figure(what, taken, goals.get(what, "")) for what, taken in samples.items())


def python(code: str) -> float:
    """Milliseconds that Python takes for that."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return (time.perf_counter() - started) * 1000


def first_card() -> float:
    """Milliseconds until the first card stands in the demo's workspace."""
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
