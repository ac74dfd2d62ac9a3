"""The questions in the code of a flow, found without running it."""

import ast
import inspect
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType
from typing import Any

from signoff.flows.code.expressions import Assigned, NotConstant, constant
from signoff.flows.code.parsing import parse

_BUILDERS = {"with_initial_data"}
"""Methods of a model that return it with other initial values, which only a run can tell."""


@dataclass(frozen=True, slots=True)
class FoundQuestion:
    """A call that asks a question.

    Attributes:
        file: Where the call is.
        call: The name of the function that is called.
        code: What is asked for, as the code has it.
        arguments: The arguments that are the same in every run, by name, and the defaults of those that are left out.
        unknown: The names of those that only a run can tell.
    """

    file: Path
    line: int
    call: str
    code: str
    arguments: Mapping[str, Any]
    unknown: frozenset[str] = field(default_factory=frozenset)


def questions_in(function: Callable[..., Any], asking: tuple[Callable[..., Any], ...]) -> list[FoundQuestion]:
    """The questions that a function asks, and the functions in its folder that it names, in the order of the code.

    Args:
        asking: The functions that ask a question.
    """
    found: list[FoundQuestion] = []
    seen: set[FunctionType] = set()
    waiting = [function]
    while waiting:
        plain = inspect.unwrap(waiting.pop(0))
        if not isinstance(plain, FunctionType) or plain in seen:
            continue
        seen.add(plain)
        if (code := _tree(plain)) is None:
            continue
        found += _calls(plain, code, asking)
        waiting += [each for each in _named(plain, code) if _is_beside(each, function)]
    return found


def _tree(function: FunctionType) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The syntax tree of a function, with the numbers of the lines in its file; `None` if its code is in no file."""
    try:
        lines, first = inspect.getsourcelines(function)
        body = parse(textwrap.dedent("".join(lines))).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    if len(body) != 1 or not isinstance(body[0], ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    ast.increment_lineno(body[0], first - 1)
    return body[0]


def _calls(
    function: FunctionType, code: ast.FunctionDef | ast.AsyncFunctionDef, asking: tuple[Callable[..., Any], ...]
) -> Iterator[FoundQuestion]:
    names, assigned = function.__globals__, _assigned(code)
    calls = [each for statement in code.body for each in ast.walk(statement) if isinstance(each, ast.Call)]
    for call in sorted(calls, key=lambda each: (each.lineno, each.col_offset)):
        try:
            called = constant(call.func, names, assigned)
        except NotConstant:
            continue
        if called in asking:
            yield _question(Path(function.__code__.co_filename), call, called, names, assigned)


def _question(
    file: Path,
    call: ast.Call,
    called: Callable[..., Any],
    names: Mapping[str, Any],
    assigned: Assigned,
) -> FoundQuestion:
    given: dict[str, ast.expr] = {each.arg: each.value for each in call.keywords if each.arg is not None}
    given |= dict(zip(inspect.signature(called).parameters, call.args, strict=False))
    asked = given.get("wait_for_input")
    parameters = inspect.signature(called).parameters.values()
    known = {each.name: each.default for each in parameters if each.default is not each.empty}
    unknown = set[str]()
    for name, expression in given.items():
        try:
            known[name] = constant(_model(expression) if name == "wait_for_input" else expression, names, assigned)
        except NotConstant:
            known.pop(name, None)
            unknown.add(name)
    code = "" if asked is None else ast.unparse(asked)
    return FoundQuestion(file, call.lineno, called.__name__, code, known, frozenset(unknown))


def _model(expression: ast.expr) -> ast.expr:
    """`Release`, if the expression is `Release.with_initial_data(...)`."""
    match expression:
        case ast.Call(func=ast.Attribute(value=model, attr=name)) if name in _BUILDERS:
            return model
        case _:
            return expression


def _assigned(code: ast.FunctionDef | ast.AsyncFunctionDef) -> Assigned:
    """The local names of a function; those that are assigned once, with what they are assigned."""
    args, parts = code.args, [each for statement in code.body for each in ast.walk(statement)]
    parameters = [*args.posonlyargs, *args.args, *args.kwonlyargs, *filter(None, (args.vararg, args.kwarg))]
    stored = Counter(each.id for each in parts if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load))
    stored.update(each.arg for each in parameters)
    values: dict[str, ast.expr] = {}
    for each in parts:
        match each:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                values[name] = value
    return {name: values.get(name) if number == 1 else None for name, number in stored.items()}


def _named(function: FunctionType, code: ast.AST) -> Iterator[Callable[..., Any]]:
    """What a function names that can be called, such as a helper, a task or a nested flow."""
    for each in ast.walk(code):
        match each:
            case ast.Name(id=name, ctx=ast.Load()) if callable(found := function.__globals__.get(name)):
                yield found


def _is_beside(other: Callable[..., Any], function: Callable[..., Any]) -> bool:
    """Whether a function is in the same folder as another one, or below it."""
    mine, its = (getattr(inspect.unwrap(each), "__code__", None) for each in (function, other))
    return mine is not None and its is not None and Path(its.co_filename).is_relative_to(Path(mine.co_filename).parent)
