"""Expressions in code that mean the same in every run, evaluated without running the code around them."""

import ast
import builtins
import copy
from collections.abc import Mapping
from types import ModuleType
from typing import Any

_HARMLESS = ("signoff", "datetime", "decimal", "uuid", "zoneinfo")
"""Classes from these packages may be called: that makes a value, and does nothing else."""

_PLAIN = (ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.UnaryOp, ast.BinOp, ast.Subscript, ast.Slice)

Assigned = Mapping[str, ast.expr | None]
"""The local names of a function, with what each is assigned; `None` for one that is not assigned just once."""


class NotConstant(Exception):
    """Only a run can tell what the expression is."""


def constant(expression: ast.expr, names: Mapping[str, Any], assigned: Assigned) -> Any:
    """The value of an expression.

    Args:
        names: The global names of its module.
        assigned: The local names of its function.

    Raises:
        NotConstant: If only a run can tell.
    """
    inlined = _Inlined(assigned).visit(copy.deepcopy(expression))
    _Harmless(names).visit(inlined)
    return _evaluated(inlined, names)


def _evaluated(expression: ast.expr, names: Mapping[str, Any]) -> Any:
    try:
        return eval(compile(ast.Expression(expression), "<expression>", "eval"), {**names})  # noqa: S307
    except Exception as error:
        raise NotConstant(f"{type(error).__name__}: {error}") from error


class _Inlined(ast.NodeTransformer):
    """Puts what a local name is assigned in place of the name."""

    def __init__(self, assigned: Assigned) -> None:
        self._assigned = assigned

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id not in self._assigned:
            return node
        value = self._assigned[node.id]
        if value is None:
            raise NotConstant(f"{node.id} is set by the run")
        # What refers to itself ends there.
        return _Inlined({**self._assigned, node.id: None}).visit(copy.deepcopy(value))  # type: ignore[no-any-return]

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        # It is made, and not called.
        return node


class _Harmless(ast.NodeVisitor):
    """Raises `NotConstant` if evaluating an expression could do anything but make a value."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> None:
        if node.id not in self._names and not hasattr(builtins, node.id):
            raise NotConstant(f"{node.id} is not known")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.visit(node.value)
        if not isinstance(_evaluated(node.value, self._names), ModuleType | type):
            raise NotConstant("an attribute may be computed")

    def visit_Call(self, node: ast.Call) -> None:
        self.visit(node.func)
        called = _evaluated(node.func, self._names)
        if not isinstance(called, type) or called.__module__.partition(".")[0] not in _HARMLESS:
            raise NotConstant("a call may do anything")
        for part in (*node.args, *node.keywords):
            self.visit(part)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """It is made, and not called."""

    def generic_visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.expr) and not isinstance(node, _PLAIN):
            raise NotConstant("only a run can tell")
        super().generic_visit(node)
