"""A hash of a flow's code that does not depend on comments or formatting."""

import ast
import hashlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from signoff.flows.code.module_loading import top_of_packages
from signoff.flows.code.parsing import parse


def fingerprint(function: Callable[..., Any]) -> str:
    """A hash of the file that defines `function`, and of the files that it imports from its own folder.

    For code without a file, as in an interactive session, the compiled code is hashed instead.
    """
    written_in = inspect.getsourcefile(inspect.unwrap(function))
    try:
        codes = [code.hash for code in _codes(Path(written_in or "").absolute())]
    except (OSError, SyntaxError, ValueError):
        compiled = inspect.unwrap(function).__code__
        codes = [f"{compiled.co_code!r}{compiled.co_names!r}{compiled.co_varnames!r}"]
    return _hash("\n".join(codes))


@dataclass(frozen=True, slots=True)
class _Code:
    """A parsed file.

    Attributes:
        imports: What it imports: the number of leading dots, and the parts of the dotted name.
    """

    hash: str
    imports: frozenset[tuple[int, tuple[str, ...]]]


def _codes(file: Path) -> list[_Code]:
    """The file and everything that it imports from its folder, directly or indirectly, sorted by path."""
    found: dict[Path, _Code] = {}
    left = [file]
    while left:
        path = left.pop()
        if path not in found:
            stat = path.stat()
            found[path] = _code(path, stat.st_mtime_ns, stat.st_size)
            left += [each for dots, names in found[path].imports for each in _files(path, dots, names, file.parent)]
    return [found[path] for path in sorted(found)]


@lru_cache(maxsize=1024)
def _code(path: Path, _changed: int, _size: int) -> _Code:
    tree = parse(path.read_text(encoding="utf-8"))
    imports = frozenset(each for node in ast.walk(tree) for each in _imports(node))
    return _Code(_hash(ast.dump(tree)), imports)


def _imports(node: ast.AST) -> Iterator[tuple[int, tuple[str, ...]]]:
    match node:
        case ast.Import(names=names):
            yield from ((0, tuple(each.name.split("."))) for each in names)
        case ast.ImportFrom(module=module, names=names, level=dots):
            within = tuple((module or "").split(".")) if module else ()
            yield from ((dots, (*within, each.name)) for each in names)


def _files(importer: Path, dots: int, names: tuple[str, ...], folder: Path) -> Iterator[Path]:
    """The files in the folder that an import may refer to.

    `import a.b` reads `a/__init__.py`, and then `a/b.py`, unless `b` is a name in the package itself.
    """
    starts = [importer.parents[dots - 1]] if dots else [folder, top_of_packages(folder)]
    for start in starts:
        for place in accumulate(names, Path.joinpath, initial=start):
            for path in (place.parent / f"{place.name}.py", place / "__init__.py"):
                if path.is_relative_to(folder) and path.is_file():
                    yield path


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
