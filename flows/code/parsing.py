"""Reading Python code without running it."""

import ast

_ATTEMPTS = 10


def parse(code: str) -> ast.Module:
    """The syntax tree of a file.

    Python up to 3.11.7 raises a `SystemError`, "AST constructor recursion depth mismatch", when another thread, or a
    finalizer that logs a traceback, parses code in the middle of it: https://github.com/python/cpython/issues/106905.
    The same call succeeds afterwards.

    Raises:
        SyntaxError: If it is not Python.
        ValueError: If there is a null byte in it.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return ast.parse(code)
        except SystemError:
            continue
    return ast.parse(code)
