"""A hash of a flow's code that comments and formatting do not change."""

import ast
import hashlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any


def fingerprint(function: Callable[..., Any]) -> str:
    """The hash of the module that `function` was written in, or of its compiled code where there is no file."""
    file = inspect.getsourcefile(inspect.unwrap(function))
    try:
        code = ast.dump(ast.parse(Path(file or "").read_text(encoding="utf-8")))
    except (OSError, SyntaxError, ValueError):
        compiled = inspect.unwrap(function).__code__
        code = f"{compiled.co_code!r}{compiled.co_names!r}{compiled.co_varnames!r}"
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()
