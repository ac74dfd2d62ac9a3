"""The names under which the modules of flow files are imported, and by which what they define is recorded.

A flow file is imported under its own name, `release` for `release.py`, from its folder, which is on `sys.path`. So it
can be imported by others too: by a process of `multiprocessing` that has to find the function that it was given, and by
another module beside it.

Two folders may have modules of the same name: `helpers.py`, or the flow file itself. They are different modules. Those
of the folder that comes first have their plain names. In the other folder the names that both have are put into a
package, `signoff_flow_1a2b3c4d.helpers`, and what is imported there is looked for in that package first.

So the name of a module depends on what else is loaded, but what is recorded has to be found again in any process. It is
therefore read as the module of the flow would read it, see `own_module`.
"""

import builtins
import hashlib
import importlib
import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from signoff.flows.code.source import source_of_file

PREFIX = "signoff_flow_"

_IN_PACKAGE = re.compile(rf"^{PREFIX}[0-9a-f]{{8}}\.")

_own: ContextVar[str] = ContextVar("signoff_own_module", default="")


@dataclass(frozen=True, slots=True)
class FlowFolder:
    """A folder from which flow files, or what they import, are imported.

    Attributes:
        names: The modules and packages in it.
        shared: Those whose names an earlier folder has as well.
    """

    path: str
    names: frozenset[str]
    shared: frozenset[str]

    @property
    def package(self) -> str:
        """The package of the shared names. It is the same wherever the folder's project lies."""
        return PREFIX + hashlib.sha256(source_of_file(Path(self.path)).encode()).hexdigest()[:8]

    def name_of(self, module: str) -> str:
        """The full name of a module of this folder."""
        return f"{self.package}.{module}" if module.partition(".")[0] in self.shared else module


_folders: dict[str, FlowFolder] = {}
_shared: set[str] = set()
_flow_files: dict[str, Path] = {}
_import = builtins.__import__


def add_folder(path: Path) -> FlowFolder:
    """Have modules of this folder found by `import`, after all that is found without it."""
    known = _folders.get(str(path))
    if known is not None:
        return known
    names = frozenset(_names(path))
    taken = frozenset[str]().union(*(each.names for each in _folders.values()))
    folder = FlowFolder(str(path), names, names & taken)
    _folders[folder.path] = folder
    if folder.path not in sys.path:
        sys.path.append(folder.path)
    if folder.shared:
        package = ModuleType(folder.package, f"The modules of {path} that have the names of others.")
        package.__path__ = [folder.path]
        sys.modules[folder.package] = package
        _shared.update(folder.shared)
        builtins.__import__ = _import_in_folder
    return folder


def legacy_name(file: Path) -> str:
    """The name of a flow file's module in earlier versions, and of one that cannot be imported under its own name."""
    return PREFIX + file.stem.replace(".", "_")


def add_flow_file(module: str, file: Path) -> None:
    """Note that a module is that of a flow file."""
    _flow_files[module] = file


def stable_name(module: str) -> str:
    """A name for a module that depends neither on what else is loaded, nor on which program was started.

    It is the one of earlier versions, since what they have recorded is compared with it.
    """
    main = getattr(sys.modules["__main__"], "__file__", None)
    if module == "__main__" and main is not None:
        return legacy_name(Path(main))
    file = _flow_files.get(module)
    return _IN_PACKAGE.sub("", module) if file is None else legacy_name(file)


def set_own_module(name: str) -> None:
    """Have `own_module` go by this module in the current context: it is that of the flow that runs."""
    _own.set(name)


def own_module(name: str) -> ModuleType | None:
    """The module that a recorded name means in the flow that runs; `None` if it is to be imported as it is written."""
    own = sys.modules.get(_own.get())
    file = getattr(own, "__file__", None)
    if own is None or file is None:
        return None
    path = Path(file)
    if name in ("__main__", "__mp_main__", path.stem) or name.startswith(legacy_name(path)):
        return own
    folder = _folder_of(file)
    if folder is None:
        return None
    plain = _IN_PACKAGE.sub("", name)
    if plain == path.stem:
        return own
    return None if folder.name_of(plain) == name else importlib.import_module(folder.name_of(plain))


def _import_in_folder(
    name: str,
    globals: Mapping[str, Any] | None = None,  # noqa: A002 - the name that callers use
    locals: Mapping[str, Any] | None = None,  # noqa: A002
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> ModuleType:
    """`import`, as it is in the folder of the module that does it."""
    top = name.partition(".")[0]
    if level or top not in _shared or not globals:
        return _import(name, globals, locals, fromlist or (), level)
    folder = _folder_of(globals.get("__file__") or "")
    if folder is None or top not in folder.shared:
        return _import(name, globals, locals, fromlist or (), level)
    found = _import(f"{folder.package}.{name}", globals, locals, fromlist or (), 0)
    # Without names to import from it, the first module of the dotted name is meant.
    return found if fromlist else sys.modules[f"{folder.package}.{top}"]


def _folder_of(file: str) -> FlowFolder | None:
    """The folder that a file belongs to: of those around it, the innermost."""
    around = [each for each in _folders if file.startswith(each + os.sep)]
    return _folders[max(around, key=len)] if around else None


def _names(folder: Path) -> list[str]:
    """The modules and packages in a folder; none if it cannot be listed."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return []
    return [
        entry.name.removesuffix(".py")
        for entry in entries
        if entry.name.endswith(".py") or os.path.isfile(os.path.join(entry.path, "__init__.py"))
    ]
