"""Settings of the database and the default policies, from the environment or from `.env` in the working directory."""

import os
import threading
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from signoff.flows.approval.defaults import DefaultPolicies
from signoff.flows.approval.policy import merged
from signoff.flows.database.url import DEFAULT, unreadable_file
from signoff.flows.errors import BadSettings
from signoff.flows.policy_file import DEFAULT_FILE, read_policies
from signoff.store import migrations
from signoff.store.database import Database
from signoff.store.policy import Policy
from signoff.store.redaction import redact_logs
from signoff.store.sentences import fault_of, sentence

MAX_NUMBER = 2**31 - 1
"""The largest number for how many of something. Databases take no more than 64 bits."""


def split(value: object) -> object:
    """The entries of a list that is written as text, separated by commas."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


class DatabaseSettings(BaseSettings):
    """Where the database is, and the defaults for policies."""

    model_config = SettingsConfigDict(
        env_file=".env",
        extra="ignore",
        populate_by_name=True,
        # A mounted secret ends in a line break.
        str_strip_whitespace=True,
        hide_input_in_errors=True,
    )

    database_url: str = Field(default=DEFAULT, validation_alias="DATABASE_URL", repr=False)
    """The database: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`."""

    channel: str | None = Field(default=None, validation_alias="SIGNOFF_CHANNEL")
    """Where cards are posted if the policy sets no channel."""

    approvers: Annotated[tuple[str, ...], NoDecode, BeforeValidator(split)] = Field(
        default=(), validation_alias="SIGNOFF_APPROVERS"
    )
    """Who may answer if the policy sets no approvers: a list separated by commas."""

    outside_slack: Literal["claims", "own-name", "never"] = Field(
        default="claims", validation_alias="SIGNOFF_OUTSIDE_SLACK"
    )
    """Who may answer on the command line or from a program: see `Policy.outside_slack`."""

    policies: str | None = Field(default=None, validation_alias="SIGNOFF_POLICIES")
    """A TOML file with policies for flows and tags; by default `signoff.toml` in the working directory, if it is there.
    Empty: none."""

    def defaults(self) -> DefaultPolicies:
        """The policies for whatever other policies do not set.

        Raises:
            BadSettings: If the file that has them is invalid.
        """
        said: dict[str, Any] = {"channel": self.channel, "approvers": self.approvers}
        if "outside_slack" in self.model_fields_set:
            said["outside_slack"] = self.outside_slack
        environment = Policy.model_validate({name: value for name, value in said.items() if value})
        found = self._policies_of_file()
        return replace(found, everywhere=merged(environment, found.everywhere))

    def _policies_of_file(self) -> DefaultPolicies:
        if self.policies is None:
            file = Path(DEFAULT_FILE)
            return read_policies(file) if file.is_file() else DefaultPolicies()
        return read_policies(Path(self.policies)) if self.policies else DefaultPolicies()


_S = TypeVar("_S", bound=DatabaseSettings)


def load(kind: type[_S], **overrides: Any) -> _S:
    """The settings from the environment and `.env`, with those overrides that are not `None`.

    Raises:
        BadSettings: If a setting is invalid. Each one that is gets its own sentence.
    """
    try:
        return kind(**{name: value for name, value in overrides.items() if value is not None})
    except UnicodeDecodeError:
        raise unreadable_file() from None
    except ValidationError as error:
        faults = [(str(each["loc"][0]) if each["loc"] else "A setting", fault_of(each)) for each in error.errors()]
        raise BadSettings(" ".join(sentence(f"{name}: {fault}") for name, fault in faults)) from None


_opening = threading.Lock()
if hasattr(os, "register_at_fork"):
    # In a process that is forked while another thread holds the lock, nobody would release it.
    os.register_at_fork(before=_opening.acquire, after_in_parent=_opening.release, after_in_child=_opening.release)


def default_database() -> Database:
    """The database of `DATABASE_URL`, migrated to the current version. It is opened once in a process.

    Raises:
        BadSettings: If a setting is invalid.
    """
    # Without the lock, several threads that come first would each open it.
    with _opening:
        return _open_default(os.getpid())


@cache
def _open_default(_process: int) -> Database:
    redact_logs(only_signoff=True)
    db = Database(load(DatabaseSettings).database_url)
    migrations.upgrade(db)
    return db
