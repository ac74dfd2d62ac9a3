"""Try many generated flows: `uv run python -m tests.fuzz --flows 10000`."""

import argparse
import re
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.processes import faults_in_processes
from tests.fuzz.programs import Case, cases
from tests.fuzz.running import faults_of, quiet_logs
from tests.support.stores import database, store


def main() -> None:
    """Try flows until one does something wrong, and print it as small as it can be."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--flows", type=int, default=1000)
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--processes", action="store_true", help="run them in worker processes that are killed")
    parser.add_argument("--patience", type=float, default=60.0, help="seconds after which a run counts as stuck")
    parser.add_argument("--all", action="store_true", help="go on after a fault, and count them")
    parser.add_argument("--examples", type=int, default=1, help="how many flows to print of each kind of fault")
    given_ = parser.parse_args()
    quiet_logs()
    began, tried, found = time.monotonic(), 0, Counter[str]()
    with store(given_.store) as new_url, database(url := new_url()) as db, TemporaryDirectory() as named:
        folder = Path(named)

        @settings(
            max_examples=given_.flows,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate] if given_.all else [Phase.generate, Phase.shrink],
        )
        @given(cases())
        def try_one(case: Case) -> None:
            nonlocal tried
            tried += 1
            if given_.processes:
                faults = faults_in_processes(url, folder, case)
            else:
                faults = faults_of(db, case, patience=given_.patience)
            if given_.all:
                for each in faults:
                    kind = re.sub(r"\b(after_)?[a-z]+\d+\w*", "·", each)
                    found[kind] += 1
                    if found[kind] <= given_.examples:
                        print(f"{each}\n    {case}", flush=True)
            else:
                assert not faults, faults
            if tried % 500 == 0:
                print(f"{tried} flows in {time.monotonic() - began:.0f} s", flush=True)

        try_one()
    print(f"{tried} flows in {time.monotonic() - began:.0f} s")
    for kind, number in found.most_common():
        print(f"{number:6} {kind}")


if __name__ == "__main__":
    main()
