"""The embedded engine beside a floor of plain rows.

    uv run python -m tests.benchmarks.engine [--store sqlite] [--prompts 1000000]

The floor is what the same commits cost without an engine, with `sqlite3` and `psycopg` themselves, see `floor.py`;
it is taken in the same run. Three figures are median / p99 / maximum. *Continuation* is from the moment before the
answer is handed to the desk until the flow's next line runs.
"""

import argparse
from collections.abc import Callable, Iterator

from tests.benchmarks import continuing, load, recovering
from tests.benchmarks.figures import Line, print_lines
from tests.support.stores import STORES, NewUrl, store

Measure = Callable[[NewUrl], Iterator[Line]]


def main() -> None:
    """Measure everything and print it, one table for each store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=STORES, action="append", help="measure on this store only")
    parser.add_argument("--prompts", type=int, default=100_000, help="how many prompts are open in the load test")
    given = parser.parse_args()
    measures: list[Measure] = [continuing.lines, recovering.lines, lambda new_url: load.lines(new_url, given.prompts)]
    for kind in given.store or STORES:
        with store(kind) as new_url:
            print_lines(kind, [line for measure in measures for line in measure(new_url)])


if __name__ == "__main__":
    main()
