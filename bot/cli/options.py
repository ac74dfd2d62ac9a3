"""Arguments that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
FlowFiles = Annotated[list[Path], typer.Argument(metavar="FILE", help="Python files that define flows.")]
PromptId = Annotated[str, typer.Argument(metavar="PROMPT", help="The prompt's id, or how it begins.")]
Who = Annotated[
    str | None,
    typer.Option(
        "--as", metavar="WHO", help="Who acts: @handle, e-mail address or Slack user id; you, where not given."
    ),
]
