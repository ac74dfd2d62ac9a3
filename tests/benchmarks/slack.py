"""The workspace in a process of its own, as Slack is: `python -m tests.benchmarks.slack [REQUEST_URL]`."""

import sys
import threading

from signoff.testing import Emulator


def main() -> None:
    """Serve until killed; the address is printed. With a request URL payloads are posted there."""
    with Emulator() as slack:
        if len(sys.argv) > 1:
            slack.deliver_to(sys.argv[1])
        print(slack.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
