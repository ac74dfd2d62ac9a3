"""The registry of commands, and the one place where an error becomes a sentence and an exit code."""

import gc
import os
import sys
from collections.abc import Mapping
from io import TextIOWrapper

import click

from signoff.bot.cli import (
    answering,
    auditing,
    doctor,
    explaining,
    migrating,
    prompts,
    running,
    serving,
    showing,
    simulating,
)
from signoff.bot.cli.failures import INTERRUPTED, explained, unexpected
from signoff.store.redaction import redacted

_LONGEST_LINE = 4000

COMMANDS: Mapping[str, tuple[click.Command, ...]] = {
    "Serve": (serving.demo, serving.serve, serving.bot, serving.worker),
    "Runs": (running.run, running.runs, running.retry, running.cancel, running.schedules),
    "Prompts": (prompts.pending, answering.answer, showing.show, prompts.history, auditing.audit),
    "Policies": (explaining.policy, simulating.simulate),
    "Installation": (migrating.db, doctor.doctor),
}
"""Every command, under the heading that `signoff --help` lists it under."""


class _Sections(click.Group):
    """A group whose help lists the commands under their headings, in the order of the registry."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for heading, commands in COMMANDS.items():
            with formatter.section(heading):
                formatter.write_dl([(each.name or "", each.get_short_help_str(limit=200)) for each in commands])


@click.group(cls=_Sections, context_settings={"help_option_names": ["--help", "-h"]})
@click.version_option(package_name="signoff", message="%(version)s", help="Print the version.")
def signoff() -> None:
    """Python workflows that wait for a person to press a button in Slack."""


for _commands in COMMANDS.values():
    for _command in _commands:
        signoff.add_command(_command)


def main() -> None:
    """Run the command line. A failure is one or more sentences on stderr and an exit code, never a traceback."""
    if isinstance(sys.stdout, TextIOWrapper):
        # A terminal that cannot show a character shows a question mark instead.
        sys.stdout.reconfigure(errors="replace")
    try:
        code = signoff.main(standalone_mode=False)
    except click.Abort:
        code = INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except BrokenPipeError:
        # The reader has closed the pipe. Without this, Python would complain when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except Exception as error:  # noqa: BLE001 - whatever it is, a user reads a sentence
        failure = explained(error) or unexpected(error)
        from signoff.bot.blockkit.markup import plain

        for line in failure.lines:
            # A terminal would obey the control characters in the text of flows and people.
            click.echo(plain(redacted(line), _LONGEST_LINE), err=True)
        code = failure.exit_code
    # At exit Python looks through all objects for garbage. After SQLAlchemy's import that is a fifth of the processor
    # time of a short command, and there is nothing to find.
    gc.freeze()
    sys.exit(code)
