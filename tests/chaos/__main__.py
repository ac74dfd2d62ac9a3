"""Kill workers at random moments under a stream of answers, for as long as you like, and count what went wrong.

    uv run python -m tests.chaos --rounds 500 --store sqlite
    uv run python -m tests.chaos --rounds 500 --store postgresql --workers 3 --restart-database

Each round kills one worker with SIGKILL, and every second one the process that answers too. It exits with 1 unless no
acknowledged answer was lost and none invented, no recorded step ran again and none under an old claim, no prompt was
settled twice, no run was stuck or, between two kills, out of everybody's reach, and no more steps ran twice than were
in flight at the kills.
"""

import argparse
import random
import shutil
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.chaos.experiment import ChaosExperiment
from tests.support.proxy import proxied
from tests.support.stores import STORES, postgres, sqlite

CUT_OFF = 0.02
"""The share of commits at which the connection is cut."""


def main() -> None:
    """Run the experiment that the command line asks for, and print the verdict."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100, help="how many kills")
    parser.add_argument("--store", choices=STORES, default="sqlite")
    parser.add_argument("--workers", type=int, choices=(1, 3), default=1)
    parser.add_argument(
        "--restart-database", action="store_true", help="crash PostgreSQL too, in a quarter of the rounds"
    )
    parser.add_argument(
        "--cut-commits", action="store_true", help="cut the connection to PostgreSQL at one in fifty commits"
    )
    parser.add_argument("--seed", type=int, default=random.randrange(2**32), help="repeats the choices, not the timing")
    given = parser.parse_args()
    if (given.restart_database or given.cut_commits) and given.store == "sqlite":
        parser.error("--restart-database and --cut-commits need --store postgresql: SQLite has no server.")
    print(f"{given.rounds} kills, {given.store}, {given.workers} workers, seed {given.seed}", flush=True)
    rng = random.Random(given.seed)
    with tempfile.TemporaryDirectory(prefix="signoff-chaos-") as made, ExitStack() as stack:
        folder = Path(made)
        experiment = partial(
            ChaosExperiment, folder=folder, rounds=given.rounds, workers=given.workers, rng=rng, report=report
        )
        if given.store == "sqlite":
            verdict = experiment(stack.enter_context(sqlite())()).run()
        else:
            server = stack.enter_context(postgres())
            url = server.new_url()
            via = stack.enter_context(proxied(url, often=CUT_OFF)).url if given.cut_commits else None
            verdict = experiment(url, via=via, restart=server.restart if given.restart_database else None).run()
        if not verdict.holds:
            kept = shutil.copytree(folder, f"signoff-chaos-{given.seed}")
            print(f"What the processes did and said is kept in {kept}.")
    print(verdict)
    sys.exit(0 if verdict.holds else 1)


def report(line: str) -> None:
    """Print a line about the progress at once."""
    print(line, flush=True)


if __name__ == "__main__":
    main()
