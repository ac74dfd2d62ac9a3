"""Options and arguments that several commands take."""

from pathlib import Path

import click


class AtLeastOne(click.IntRange):
    """A whole number from one upwards, of which databases take no more than 64 bits."""

    name = "whole number"

    def __init__(self) -> None:
        super().__init__(min=1, max=2**31 - 1)


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")

flow_files = click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))

flow_files_if_any = click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))

who = click.option(
    "--as",
    "who",
    metavar="WHO",
    help="Who you are: an @handle, an e-mail address or a Slack user id. By default, your user name on this machine.",
)
