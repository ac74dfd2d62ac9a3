"""JSON Schema as pydantic writes it, read by its parts."""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_DEEPEST = 32
_WITHIN = ("anyOf", "oneOf", "allOf", "prefixItems")


def fields_in(part: Any, root: Schema, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Schema]]:
    """Every schema within `part`, with the names of the fields that lead to it; a recursive one once."""
    yield from _parts(part, root, path, frozenset())


def _parts(
    part: Any, root: Schema, path: tuple[str, ...], above: frozenset[str]
) -> Iterator[tuple[tuple[str, ...], Schema]]:
    if not isinstance(part, Mapping):
        return
    yield path, part
    name = part.get("$ref")
    if isinstance(name, str) and name not in above:
        yield from _parts(target(name, root), root, path, above | {name})
    for field, inner in part.get("properties", {}).items():
        yield from _parts(inner, root, (*path, field), above)
    for word in ("items", "additionalProperties"):
        yield from _parts(part.get(word), root, path, above)
    for word in _WITHIN:
        for member in part.get(word, ()):
            yield from _parts(member, root, path, above)


def plain(part: Any, root: Schema) -> Schema:
    """`part` without references, and without the null that it may allow."""
    for _ in range(_DEEPEST):
        if not isinstance(part, Mapping):
            return {}
        if isinstance(part.get("$ref"), str):
            own = {key: value for key, value in part.items() if key != "$ref"}
            part = {**target(part["$ref"], root), **own}
            continue
        others = [member for member in part.get("anyOf", ()) if not is_null(member)]
        if len(others) != 1:
            return part
        part = {**{key: value for key, value in part.items() if key != "anyOf"}, **others[0]}
    return part if isinstance(part, Mapping) else {}


def target(reference: str, root: Schema) -> Schema:
    """What a reference within `root` names; `{}`, which says nothing, where it names nothing."""
    found: Any = root
    for name in filter(None, reference.removeprefix("#").split("/")):
        key = name.replace("~1", "/").replace("~0", "~")
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) and reference.startswith("#") else {}


def is_null(part: Any) -> bool:
    """Whether null is the only value of `part`."""
    return isinstance(part, Mapping) and (part.get("type") == "null" or ("const" in part and part["const"] is None))


def options_in(part: Schema) -> list[Any] | None:
    """The values that `part` lists; `None` where it lists none."""
    if "const" in part:
        return [part["const"]]
    if "enum" in part:
        return list(part["enum"])
    members = part.get("oneOf") or part.get("anyOf") or ()
    if members and all(isinstance(member, Mapping) and "const" in member for member in members):
        return [member["const"] for member in members]
    return None
