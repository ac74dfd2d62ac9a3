"""The file of the settings that has policies: TOML, with a table for all flows, for each flow, and for each tag.

```toml
[policy]
channel = "#approvals"

[policy.flows.deploy]
approvers = ["@release-leads"]
quorum = 2

[policy.tags.production]
requester_may_answer = false
```
"""

import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from signoff.flows.approval.defaults import DefaultPolicies
from signoff.flows.errors import BadSettings
from signoff.store.policy import Policy
from signoff.store.sentences import fault_of, sentence

DEFAULT_FILE = "signoff.toml"
"""The file that is read if it is in the working directory."""

_TABLE = "policy"
_BY_NAME = ("flows", "tags")


def read_policies(file: Path) -> DefaultPolicies:
    """The policies of a file.

    Raises:
        BadSettings: If it cannot be read, or if a policy in it is invalid. Each fault is named with its place.
    """
    try:
        stored = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadSettings(f"There is no file {file}, which SIGNOFF_POLICIES names.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise BadSettings(f"{file} cannot be read: {reason}.") from None
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(sentence(f"{file} is not valid TOML: {error}")) from None
    faults = [f"{key}: there is no such table. Policies are in the table [{_TABLE}]" for key in stored if key != _TABLE]
    table, wrong = _split(stored.get(_TABLE, {}))
    faults += wrong
    everywhere, wrong = _policy(_TABLE, {key: value for key, value in table.items() if key not in _BY_NAME})
    faults += wrong
    named: dict[str, dict[str, Policy]] = {}
    for group in _BY_NAME:
        named[group] = {}
        for name, fields in table.get(group, {}).items():
            named[group][name], wrong = _policy(f"{_TABLE}.{group}.{name}", fields)
            faults += wrong
    if faults:
        raise BadSettings(" ".join(sentence(f"{file}: {fault}") for fault in faults))
    return DefaultPolicies(everywhere, **named)


def _split(table: Any) -> tuple[Mapping[str, Any], list[str]]:
    """The table with everything in it that is a table where one is needed, and what is not."""
    if not isinstance(table, Mapping):
        return {}, [f"{_TABLE}: this has to be a table, as in [{_TABLE}]"]
    wrong = [name for name in _BY_NAME if not isinstance(table.get(name, {}), Mapping)]
    faults = [f"{_TABLE}.{name}: this has to be a table, as in [{_TABLE}.{name}.NAME]" for name in wrong]
    return {key: value for key, value in table.items() if key not in wrong}, faults


def _policy(place: str, fields: Any) -> tuple[Policy, list[str]]:
    """A policy, and what is wrong with it. The policy is empty if anything is."""
    if not isinstance(fields, Mapping):
        return Policy(), [f"{place}: this has to be a table, as in [{place}]"]
    try:
        return Policy.model_validate(dict(fields)), []
    except ValidationError as error:
        return Policy(), list(_faults(place, error))


def _faults(place: str, error: ValidationError) -> Iterator[str]:
    for each in error.errors(include_url=False, include_input=False):
        where = ".".join(map(str, (place, *each["loc"])))
        if each["type"] != "extra_forbidden":
            yield f"{where}: {fault_of(each)}".rstrip(".")
            continue
        close = get_close_matches(str(each["loc"][-1]), Policy.model_fields, n=1)
        yield f"{where}: a policy has no such field{f'. Did you mean {close[0]}?' if close else ''}"
