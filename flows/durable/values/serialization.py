"""Serializes results and errors, so that what is read back is what was returned or raised.

JSON goes through pydantic: by the return annotation where there is one, otherwise by the type of the value. Where that
would change a type at any depth, `typed_json` writes it. What cannot be written is rejected at once, not in the replay
after a crash. A task may use pickle instead.
"""

import base64
import io
import json
import pickle
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from signoff.flows.code.type_names import find_type, type_name
from signoff.flows.durable.values.identity import is_same
from signoff.flows.durable.values.typed_json import Unrecordable, to_tree
from signoff.flows.durable.values.typed_json_reader import from_tree
from signoff.flows.errors import StepFailed, UnserializableResult
from signoff.store.sentences import fault_of

Serializer = Literal["json", "pickle"]

_PLAIN = (str, int, float, bool, type(None), list, dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A result or an error as the journal keeps it.

    Attributes:
        format: `json`, `typed` (JSON beside the name of its type), `tree` (JSON that keeps types at any depth),
            `pickle` or `error`.
    """

    format: str
    text: str


def dump(value: Any, *, annotation: Any = None, serializer: Serializer = "json") -> Recorded:
    """Serialize a result.

    Args:
        annotation: The return annotation of the function, if it has one.

    Raises:
        UnserializableResult: If it would not read back as it is, with its types at any depth.
    """
    if serializer == "pickle":
        return _pickled(value)
    for write in (_by_annotation, _by_type):
        try:
            recorded = write(value, annotation)
            if recorded is not None and is_same(value, load(recorded, annotation=annotation)):
                return recorded
        except Exception:  # noqa: BLE001, S112 - it runs code of the value's own class; another way is tried
            continue
    try:
        recorded = Recorded("tree", json.dumps(to_tree(value)))
        back = load(recorded, annotation=annotation)
    except ValidationError as error:
        raise _refusal(value, f"it does not fit its annotation: {_first(error)}") from error
    except RecursionError as error:
        raise _refusal(value, "it is nested too deep") from error
    except Exception as error:
        raise _refusal(value, _reason(error)) from error
    if not is_same(value, back):
        raise _refusal(value, f"read back, it is {_short(back)}")
    return recorded


def load(recorded: Recorded, *, annotation: Any = None) -> Any:
    """Deserialize a result. Raises what pydantic or pickle raise if the text no longer fits the type."""
    match recorded.format:
        case "pickle":
            return _Unpickler(io.BytesIO(base64.b64decode(recorded.text))).load()
        case "tree":
            value = from_tree(json.loads(recorded.text))
            if annotation is not None:
                # Only to see whether it fits: what was returned may be of a class that extends the annotated one.
                _adapter(annotation).validate_python(value)
            return value
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
        return find_type(f"{module}:{name}")


def dump_error(error: Exception) -> tuple[Recorded, Exception]:
    """Serialize an error: its class, arguments, attributes and notes.

    Returns:
        What to record, and what a replay will raise: the error itself, where it would be raised as it is. Otherwise a
        copy with a note on what it lacks, or a `StepFailed` that says why it stands for the error.
    """
    try:
        arguments = json.loads(json.dumps(error.args))
    except (TypeError, ValueError, RecursionError):
        arguments = None
    written: dict[str, Any] = {"type": type_name(type(error)), "arguments": arguments, "message": _text(error)}
    plain = Recorded("error", json.dumps(written))
    if _is_raised_again(error, plain):
        return plain, error
    try:
        tree = to_tree(error, objects=True)
        if tree["lost"]:
            lost = "; ".join(f"{name} ({why})" for name, why in tree["lost"].items())
            note = f"Recorded without what cannot be recorded, so it is missing or hidden in every execution: {lost}."
            notes = [*getattr(error, "__notes__", []), note]
            tree["attributes"]["__notes__"] = to_tree(notes)
        written["error"] = tree
        recorded = Recorded("error", json.dumps(written))
        if tree["lost"]:
            return recorded, _read_error(recorded)
        _read_error(recorded)
        return recorded, error
    except Exception as why:  # noqa: BLE001 - it runs code of the error's own class
        written.pop("error", None)
        written |= {"arguments": None, "why": _reason(why)}
        recorded = Recorded("error", json.dumps(written))
        return recorded, load_error(recorded)


def load_error(recorded: Recorded) -> Exception:
    """Recreate a recorded error: as its own type if possible, otherwise as a `StepFailed`."""
    written = json.loads(recorded.text)
    try:
        return _read_error(recorded)
    except Exception:  # noqa: BLE001 - an error's constructor may raise anything
        name = written["type"].rpartition(":")[2]
        why = f" (A replay cannot raise this error: {written['why']}.)" if "why" in written else ""
        return StepFailed(f"{name}: {written['message']}{why}")


def _read_error(recorded: Recorded) -> Exception:
    written = json.loads(recorded.text)
    tree = written.get("error")
    error = find_type(written["type"])(*written["arguments"]) if tree is None else from_tree(tree)
    if not isinstance(error, Exception) or _text(error) != written["message"]:
        raise TypeError("read back, it says something else")
    return error


def _is_raised_again(error: Exception, recorded: Recorded) -> bool:
    """Whether a recorded error is the same when it is read, with all its attributes."""
    try:
        back = _read_error(recorded)
        ours, theirs = (to_tree(each, objects=True) for each in (error, back))
    except Exception:  # noqa: BLE001 - an error's constructor may raise anything
        return False
    return type(back) is type(error) and is_same(error.args, back.args) and not ours["lost"] and ours == theirs


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a user's exception may fail in `__str__`
        return ""


def to_display_json(value: Any) -> Any:
    """A value as JSON for people and scripts to read. Objects without a JSON form are given as their `repr`."""
    return from_json(to_json(value, fallback=repr, inf_nan_mode="strings", bytes_mode="base64"))


def _pickled(value: Any) -> Recorded:
    try:
        recorded = Recorded("pickle", base64.b64encode(pickle.dumps(value)).decode())
        back = load(recorded)
    except Exception as error:
        raise _refusal(value, _reason(error), "pickle") from error
    if not is_same(value, back):
        raise _refusal(value, f"read back, it is {_short(back)}", "pickle")
    return recorded


def _by_annotation(value: Any, annotation: Any) -> Recorded | None:
    if annotation is None:
        return None
    return Recorded("json", _adapter(annotation).dump_json(value, warnings="error").decode())


def _by_type(value: Any, annotation: Any) -> Recorded | None:
    if annotation is not None:
        return None
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


def _refusal(value: Any, why: str, serializer: Serializer = "json") -> UnserializableResult:
    advice = (
        "Return something that can be pickled"
        if serializer == "pickle"
        else 'Return plain values, models or dataclasses, or declare result_serializer="pickle"'
    )
    return UnserializableResult(
        f"The result (of type {type(value).__qualname__}) cannot be recorded, so a replay could not return it: {why}. "
        f"{advice}."
    )


def _reason(error: Exception) -> str:
    first = next(iter(_text(error).splitlines()), "")
    return first.rstrip(".") if isinstance(error, Unrecordable) else f"{type(error).__name__}: {first}".rstrip(".: ")


def _first(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, found["loc"]))
    return f"{place}: {fault_of(found)}" if place else fault_of(found)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:99]}…"
