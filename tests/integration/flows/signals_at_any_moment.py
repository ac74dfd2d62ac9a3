"""Asks itself to end, again and again, each time at another moment of its wait; prints how often it heard."""

import os
import signal
import sys

from signoff.flows.services.signals import ShutdownSignal

TIMES = 3000


def ask_at_each_byte(pipe: int, process: int) -> None:
    """Send the signal whenever a byte comes, until the pipe is closed."""
    while os.read(pipe, 1):
        os.kill(process, signal.SIGTERM)


def main() -> int:
    """How often it was asked and heard it."""
    ear, mouth = os.pipe()
    if os.fork() == 0:
        os.close(mouth)
        ask_at_each_byte(ear, os.getppid())
        os._exit(0)
    heard = 0
    for moment in range(TIMES):
        with ShutdownSignal() as asked:
            os.write(mouth, b".")
            for _ in range(moment % 1000):
                pass
            asked.wait()
        heard += 1
    os.close(mouth)
    os.wait()
    return heard


if __name__ == "__main__":
    sys.stdout.write(str(main()))
