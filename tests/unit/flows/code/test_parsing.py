"""Code is parsed although other code is parsed in the middle of it."""

import ast
import gc
from collections.abc import Iterator
from typing import Any

import pytest

from signoff.flows.code.parsing import parse

CODE = "\n".join(f"x{i} = (1 + {i}) * f({i}, a=[{i}])" for i in range(400))


@pytest.fixture
def parsed_by_finalizers() -> Iterator[list[int]]:
    """Code is parsed within the garbage collection, as the traceback of an error that nobody read is; and how often."""
    parsed: list[int] = []

    def collected(phase: str, _info: dict[str, Any]) -> None:
        if phase == "stop" and len(parsed) < 20:
            parsed.append(len(ast.parse("[[[[1]]]]").body))

    before = gc.get_threshold()
    gc.callbacks.append(collected)
    gc.set_threshold(200)
    yield parsed
    gc.set_threshold(*before)
    gc.callbacks.remove(collected)


def test_a_file_is_parsed_while_other_code_is(parsed_by_finalizers: list[int]) -> None:
    assert ast.dump(parse(CODE)).count("Assign(") == 400
    assert parsed_by_finalizers
