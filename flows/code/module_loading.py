"""Imports code that need not be installed: flow files by their path, and models by their reference."""

import ast
import importlib
import importlib.util
import logging
import sys
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel

from signoff.flows.code.type_names import current_name
from signoff.flows.errors import InvalidFlow

logger = logging.getLogger(__name__)

_PREFIX = "signoff_flow_"

_importing: ContextVar[bool] = ContextVar("signoff_importing", default=False)


def load_file(path: str | Path) -> ModuleType:
    """Import a flow file, once in a process.

    Its imports are also searched for in its own folder and, if it is part of a package, beside that package. Both come
    after the rest of `sys.path`.

    Raises:
        InvalidFlow: If the file does not exist, is not a Python file, or fails to import.
    """
    file = Path(path).resolve()
    if not file.is_file():
        raise InvalidFlow(f"The file {path} does not exist.")
    if file.suffix != ".py":
        raise InvalidFlow(f"{path} is not a Python file: its name does not end in .py.")
    name = _module_name(file)
    loaded = sys.modules.get(name)
    if loaded is not None:
        if Path(loaded.__file__ or "") != file:
            raise InvalidFlow(f"{path} and {loaded.__file__} have the same name. Rename one of them.")
        return loaded
    return _import(name, file, shown=str(path))


def _import(name: str, file: Path, *, shown: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise InvalidFlow(f"{shown} could not be imported.")
    for folder in (file.parent, top_of_packages(file.parent)):
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    token = _importing.set(True)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise InvalidFlow(f"{shown} could not be imported: {_where(error, file)}") from error
    finally:
        _importing.reset(token)
    return module


def top_of_packages(folder: Path) -> Path:
    """The folder from which the packages that contain `folder` are imported: the first one up that is not a package."""
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def is_importing() -> bool:
    """Whether the caller runs because a flow file is being imported."""
    return _importing.get()


def _where(error: BaseException, file: Path) -> str:
    """The error, and the line of the file that it comes from."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename) == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {text}" + ("" if line is None else f" (line {line})")


def model_reference(model: type[BaseModel]) -> str | None:
    """A reference with which another process can import a model: `module:Name@file`.

    `None` for a model that was made within a function, or in a program that cannot be imported without running it.
    """
    if "<locals>" in model.__qualname__:
        return None
    module = sys.modules.get(model.__module__)
    file = getattr(module, "__file__", None) or ""
    if model.__module__ != "__main__":
        return f"{model.__module__}:{model.__qualname__}@{file}"
    program = Path(file).resolve()
    return f"{_module_name(program)}:{model.__qualname__}@{program}" if _is_guarded(program) else None


@cache
def find_model(named: str) -> type[BaseModel] | None:
    """The model of a reference. If it cannot be imported here, that is logged, and the result is `None`."""
    path, _, file = named.partition("@")
    try:
        found = _find(path, file)
    except (InvalidFlow, ImportError, AttributeError) as error:
        model = path.partition(":")[2]
        logger.warning("%s cannot be imported here; answers are checked against its JSON Schema: %s", model, error)
        return None
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def _find(path: str, file: str) -> Any:
    module, _, name = path.partition(":")
    try:
        found: Any = _module(module, file)
        for part in name.split("."):
            found = getattr(found, part)
    except (InvalidFlow, AttributeError):
        # The prompt may have been recorded before its model moved.
        moved = current_name(path)
        if moved == path:
            raise
        return _find(moved, file)
    return found


def _module_name(file: Path) -> str:
    return _PREFIX + file.stem.replace(".", "_")


@cache
def _is_guarded(program: Path) -> bool:
    """Whether a program has an `if __name__ == "__main__":`, and so can be imported without running it."""
    try:
        body = ast.parse(program.read_text(encoding="utf-8")).body
    except (OSError, SyntaxError, ValueError):
        return False
    return any(isinstance(each, ast.If) and "__name__" in ast.unparse(each.test) for each in body)


def _module(name: str, file: str) -> ModuleType:
    if name in sys.modules:
        return sys.modules[name]
    program = sys.modules["__main__"]
    if file and Path(getattr(program, "__file__", None) or "").resolve() == Path(file):
        return program
    if name.startswith(_PREFIX):
        return load_file(file)
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise InvalidFlow(f"{name} could not be imported: {error}") from error
