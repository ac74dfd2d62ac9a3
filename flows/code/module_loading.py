"""Imports code that need not be installed: flow files by their path, and models by their reference."""

import ast
import importlib
import importlib.util
import logging
import os
import sys
import sysconfig
import traceback
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ValidationError

from signoff.flows.code.module_names import PREFIX, add_flow_file, add_folder, legacy_name
from signoff.flows.code.parsing import parse
from signoff.flows.code.type_names import current_name
from signoff.flows.errors import InvalidFlow
from signoff.store.sentences import faults_of

logger = logging.getLogger(__name__)

_STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib"))

_loaded: dict[str, ModuleType] = {}
"""The modules of flow files, by their paths."""

_importing: ContextVar[bool] = ContextVar("signoff_importing", default=False)


def load_file(path: str | Path) -> ModuleType:
    """Import a flow file, once in a process.

    Its imports are also searched for in its own folder and, if it is part of a package, beside that package. Both come
    after the rest of `sys.path`.

    Raises:
        InvalidFlow: If the file does not exist, is not a Python file, or fails to import.
    """
    # Not resolved: a symbolic link is how a flow is known that moves with each release.
    file = Path(os.path.abspath(path))
    if not file.is_file():
        raise InvalidFlow(f"The file {path} does not exist.")
    if file.suffix != ".py":
        raise InvalidFlow(f"{path} is not a Python file: its name does not end in .py.")
    loaded = _loaded.get(str(file))
    if loaded is None:
        loaded = _loaded[str(file)] = _import(file, shown=str(path))
    return loaded


def _import(file: Path, *, shown: str) -> ModuleType:
    folder = add_folder(file.parent)
    if (top := top_of_packages(file.parent)) != file.parent:
        add_folder(top)
    name = folder.name_of(file.stem)
    if "." in file.stem or (name == file.stem and not _is_importable_as(name, file)):
        name = legacy_name(file)
    imported = sys.modules.get(name)
    if imported is not None and _is_from(imported, file):
        add_flow_file(name, file)
        return imported
    if imported is not None:
        name = f"{name}_{folder.package.removeprefix(PREFIX)}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise InvalidFlow(f"{shown} could not be imported.")
    add_flow_file(name, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    token = _importing.set(True)
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if _ends_import(error):
            raise
        raise InvalidFlow(f"{shown} could not be imported: {_fault(error, file)}") from error
    finally:
        _importing.reset(token)
    return module


def _is_importable_as(name: str, file: Path) -> bool:
    """Whether `import name` leads to this file, and not to a module that is installed or part of Python."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return False
    return spec is not None and spec.origin is not None and os.path.abspath(spec.origin) == str(file)


def _is_from(module: ModuleType, file: Path) -> bool:
    return os.path.abspath(getattr(module, "__file__", None) or "") == str(file)


def top_of_packages(folder: Path) -> Path:
    """The folder from which the packages that contain `folder` are imported: the first one up that is not a package."""
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def is_importing() -> bool:
    """Whether the caller runs because a flow file is being imported."""
    return _importing.get()


def _ends_import(error: BaseException) -> bool:
    """Whether somebody ends the process, or a run leaves memory, while code happens to be imported."""
    is_own = type(error).__module__.partition(".")[0] == "signoff"
    return isinstance(error, KeyboardInterrupt) or (is_own and not isinstance(error, Exception))


def _fault(error: BaseException, file: Path | None = None) -> str:
    """The error, and the line that it comes from.

    Args:
        file: The file that was to be imported. Of its lines the number will do.
    """
    match error:
        case SyntaxError():
            text = error.msg
        case ValidationError():
            text = f"{error.title}: {faults_of(error)}"
        case _:
            text = str(error)
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if (place := _place(error)) is None:
        return said
    found, line = place
    return f"{said} (line {line})" if found == file else f"{said} (line {line} of {_shown(found)})"


def _place(error: BaseException) -> tuple[Path, int] | None:
    """The innermost file and line of the user's own code that an error comes from; `None` if there is none."""
    if isinstance(error, SyntaxError) and error.lineno is not None and Path(error.filename or "").is_file():
        return Path(str(error.filename)), error.lineno
    found = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        file = Path(frame.f_code.co_filename)
        is_signoff = str(frame.f_globals.get("__name__", "")).partition(".")[0] == "signoff"
        if file.is_absolute() and not is_signoff and not _is_installed(file):
            found = file, line
    return found


def _is_installed(file: Path) -> bool:
    return file.is_relative_to(_STANDARD_LIBRARY) or not {"site-packages", "dist-packages"}.isdisjoint(file.parts)


def _shown(file: Path) -> str:
    """A path as a user would type it."""
    return str(file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file)


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
    return f"{legacy_name(program)}:{model.__qualname__}@{program}" if _is_guarded(program) else None


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


@cache
def _is_guarded(program: Path) -> bool:
    """Whether a program has an `if __name__ == "__main__":`, and so can be imported without running it."""
    try:
        body = parse(program.read_text(encoding="utf-8")).body
    except (OSError, SyntaxError, ValueError):
        return False
    return any(isinstance(each, ast.If) and "__name__" in ast.unparse(each.test) for each in body)


def _module(name: str, file: str) -> ModuleType:
    path = Path(file)
    known = sys.modules.get(name)
    if known is not None and not file:
        return known
    for loaded in (known, _loaded.get(file), sys.modules["__main__"]):
        if loaded is not None and _is_from(loaded, path):
            return loaded
    if name.startswith(PREFIX):
        return load_file(file)
    try:
        found = importlib.import_module(name)
    except Exception as error:
        if path.is_file():
            # A flow file: its folder is not on `sys.path` here.
            return load_file(path)
        raise InvalidFlow(f"{name} could not be imported: {_fault(error)}") from error
    return found if _is_from(found, path) or not path.is_file() else load_file(path)
