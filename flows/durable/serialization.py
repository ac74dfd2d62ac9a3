"""Serializes results and errors, so that what is read back equals what was returned.

JSON goes through pydantic: by the return annotation where there is one, otherwise by the type of the value. A value
that would not read back equal is rejected at once, not in the replay after a crash. A task may use pickle instead.
"""

import base64
import io
import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, PydanticUserError, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, from_json, to_json

from signoff.flows.code.type_names import find_type, type_name
from signoff.flows.errors import StepFailed, UnserializableResult

Serializer = Literal["json", "pickle"]

_PLAIN = (str, int, float, bool, type(None), list, dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A result or an error as the journal keeps it.

    Attributes:
        format: `json`, `typed` (JSON beside the name of its type), `pickle` or `error`.
    """

    format: str
    text: str


def dump(value: Any, *, annotation: Any = None, serializer: Serializer = "json") -> Recorded:
    """Serialize a result.

    Args:
        annotation: The return annotation of the function, if it has one.

    Raises:
        UnserializableResult: If it would not read back equal.
    """
    try:
        recorded = _write(value, annotation, serializer)
        back = load(recorded, annotation=annotation)
    except (
        PydanticSerializationError,
        PydanticUserError,
        ValidationError,
        ValueError,
        TypeError,
        AttributeError,
        ImportError,
        pickle.PicklingError,
    ) as error:
        raise _refusal(value, serializer) from error
    if not _equal(value, back):
        raise _refusal(value, serializer)
    return recorded


def load(recorded: Recorded, *, annotation: Any = None) -> Any:
    """Deserialize a result. Raises what pydantic or pickle raise if the text no longer fits the type."""
    match recorded.format:
        case "pickle":
            return _Unpickler(io.BytesIO(base64.b64decode(recorded.text))).load()
        case "typed":
            named = json.loads(recorded.text)
            return _adapter(find_type(named["type"])).validate_json(json.dumps(named["value"]))
        case _ if annotation is None:
            return from_json(recorded.text)
        case _:
            return _adapter(annotation).validate_json(recorded.text)


class _Unpickler(pickle.Unpickler):
    """Finds classes that have moved since they were pickled."""

    def find_class(self, module: str, name: str, /) -> Any:
        try:
            return super().find_class(module, name)
        except (ImportError, AttributeError):
            return find_type(f"{module}:{name}")


def dump_error(error: Exception) -> Recorded:
    """Serialize an error: its type, its arguments if they are JSON, and its message."""
    try:
        arguments = json.loads(json.dumps(error.args))
    except (TypeError, ValueError):
        arguments = None
    text = {"type": type_name(type(error)), "arguments": arguments, "message": str(error)}
    return Recorded("error", json.dumps(text))


def load_error(recorded: Recorded) -> Exception:
    """Recreate a recorded error: as its own type if possible, otherwise as a `StepFailed`."""
    written = json.loads(recorded.text)
    try:
        type_ = find_type(written["type"])
        error = type_(*written["arguments"])
    except Exception:  # noqa: BLE001 - an error's constructor may raise anything
        error = None
    if isinstance(error, Exception) and str(error) == written["message"]:
        return error
    return StepFailed(f"{written['type'].rpartition(':')[2]}: {written['message']}")


def to_display_json(value: Any) -> Any:
    """A value as JSON for people and scripts to read. Objects without a JSON form are given as their `repr`."""
    return from_json(to_json(value, fallback=repr, inf_nan_mode="strings", bytes_mode="base64"))


def _write(value: Any, annotation: Any, serializer: Serializer) -> Recorded:
    if serializer == "pickle":
        return Recorded("pickle", base64.b64encode(pickle.dumps(value)).decode())
    if annotation is not None:
        return Recorded("json", _adapter(annotation).dump_json(value, warnings="error").decode())
    if type(value) in _PLAIN:
        return Recorded("json", to_json(value, inf_nan_mode="constants").decode())
    content = _adapter(type(value)).dump_python(value, mode="json")
    return Recorded("typed", json.dumps({"type": type_name(type(value)), "value": content}))


def _adapter(annotation: Any) -> TypeAdapter[Any]:
    # Only adapters of classes are cached: `int | str` equals `str | int`, but pydantic reads them differently.
    return _class_adapter(annotation) if isinstance(annotation, type) else TypeAdapter(annotation)


@lru_cache(maxsize=256)
def _class_adapter(class_: type) -> TypeAdapter[Any]:
    return TypeAdapter(class_)


def _refusal(value: Any, serializer: Serializer) -> UnserializableResult:
    advice = (
        "return something that can be pickled"
        if serializer == "pickle"
        else 'annotate the return type, return plain JSON, or declare result_serializer="pickle"'
    )
    return UnserializableResult(
        f"The result (of type {type(value).__qualname__}) would not read back equal after a restart: {advice}."
    )


def _equal(value: Any, back: Any) -> bool:
    try:
        return bool(value == back) or _alike(value, back)
    except Exception:  # noqa: BLE001 - arrays cannot be turned into a bool
        return False


def _alike(value: Any, back: Any) -> bool:
    """Whether two values differ only in parts that do not equal themselves, such as NaN."""
    if type(value) is not type(back):
        return False
    match value:
        case list() | tuple():
            return len(value) == len(back) and all(map(_equal, value, back))
        case Mapping():
            return value.keys() == back.keys() and all(_equal(each, back[key]) for key, each in value.items())
        case BaseModel():
            return _alike(dict(value), dict(back))
        case _ if is_dataclass(value):
            return all(_equal(getattr(value, field.name), getattr(back, field.name)) for field in fields(value))
        case _:
            # Comparing `repr`s would not do: all secrets have the same one.
            return bool(value != value and back != back)
