"""What `signoff doctor` looks at. A check says what stands, or what is wrong and what to do; never a secret."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from slack_sdk.errors import SlackApiError

from signoff.bot.cli.database import opened
from signoff.bot.connection.web_client import NO_ANSWER, name_of, web_client
from signoff.bot.manifest import SIGNOFF
from signoff.bot.settings import BadSettings, Mode, Settings, load_settings
from signoff.flows.engines.embedded.orphans import orphan_message
from signoff.flows.names import now
from signoff.store import migrations
from signoff.store.database import Database, sqlite_file
from signoff.store.errors import StoreError
from signoff.store.prompts import prompts
from signoff.store.runs.orphans import count_orphaned


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What it is.
        ok: Whether it will do.
        told: What stands, or what is wrong and what to do.
    """

    name: str
    ok: bool
    told: str


def examine() -> Iterator[Check]:
    """Every check, one after the other; what makes no sense after a failed one is left out."""
    yield _database()
    yield from _flows()
    yield from _policies()
    try:
        settings = load_settings()
    except BadSettings as error:
        yield Check("settings", False, str(error))
        return
    yield Check("settings", True, f"Slack is to be reached by {settings.mode} at {settings.slack_api_url}")
    yield from _bot_token(settings)
    yield _app_token(settings) if settings.mode is Mode.SOCKET else _signing_secret(settings)


def _database() -> Check:
    try:
        with opened() as db:
            file = sqlite_file(db)
            if file is not None and not file.exists():
                return _future_file(file, db)
            migrations.check(db)
            return Check("database", True, f"{db.shown_url} is at revision {migrations.revision(db)}")
    except StoreError as error:
        return Check("database", False, str(error))


def _flows() -> Iterator[Check]:
    """What is said only where it has to be: which runs wait for a worker."""
    with suppress(StoreError), opened() as db:
        file = sqlite_file(db)
        if file is None or file.exists():
            for flow, count in count_orphaned(db, now=now()).items():
                yield Check("flows", False, orphan_message(flow, count))


def _policies() -> Iterator[Check]:
    """Open prompts that nobody can answer, because this version cannot read their policy."""
    with suppress(StoreError), opened() as db:
        file = sqlite_file(db)
        if file is not None and not file.exists():
            return
        broken = prompts.with_broken_policies(db)
        if broken:
            more = f" It is one of {len(broken)} such prompts." if len(broken) > 1 else ""
            yield Check("policies", False, f"{prompts.get(db, broken[0]).policy_fault}{more}")


def _future_file(file: Path, db: Database) -> Check:
    if os.access(file.absolute().parent, os.W_OK):
        return Check("database", True, f"{db.shown_url} does not exist yet; it is made when it is needed")
    return Check(
        "database", False, f"{db.shown_url} cannot be made: its folder is missing or read-only. Check DATABASE_URL."
    )


def _bot_token(settings: Settings) -> Iterator[Check]:
    try:
        said = web_client(settings.bot_token(), settings.slack_api_url).auth_test()
    except BadSettings as error:
        yield Check("bot token", False, f"{error} Without it Slack shows nothing; all other commands work.")
        return
    except SlackApiError as error:
        yield Check("bot token", False, f"Slack refuses SLACK_BOT_TOKEN ({name_of(error)}). Copy it again.")
        return
    except NO_ANSWER as error:
        yield _unreachable("bot token", settings, error)
        return
    yield Check("bot token", True, f"SLACK_BOT_TOKEN is @{said.get('user')} in {said.get('team')}")
    yield _scopes(str(said.headers.get("x-oauth-scopes") or ""))


def _scopes(granted: str) -> Check:
    wanted = SIGNOFF.scopes
    missing = wanted - {scope.strip() for scope in granted.split(",")}
    if not missing:
        return Check("scopes", True, f"all {len(wanted)} that manifest.yml asks for")
    return Check(
        "scopes",
        False,
        f"{', '.join(sorted(missing))} not granted. Update the app from manifest.yml, and install it again.",
    )


def _app_token(settings: Settings) -> Check:
    name = "app token"
    try:
        token = settings.app_token()
        web_client(token, settings.slack_api_url).apps_connections_open(app_token=token)
    except BadSettings as error:
        return Check(name, False, str(error))
    except SlackApiError as error:
        return Check(
            name,
            False,
            f"Slack refuses SLACK_APP_TOKEN ({name_of(error)}). Copy it again, or make one with connections:write.",
        )
    except NO_ANSWER as error:
        return _unreachable(name, settings, error)
    return Check(name, True, "SLACK_APP_TOKEN opens Socket Mode")


def _signing_secret(settings: Settings) -> Check:
    try:
        settings.signing_secret()
    except BadSettings as error:
        return Check("signing secret", False, str(error))
    return Check(
        "signing secret",
        True,
        f"SLACK_SIGNING_SECRET is set; Slack has to reach http://{settings.host}:{settings.port}/slack/events",
    )


def _unreachable(name: str, settings: Settings, error: Exception) -> Check:
    cause = getattr(error, "reason", None) or error
    return Check(
        name, False, f"{settings.slack_api_url} cannot be reached ({cause}). Check SLACK_API_URL and the network."
    )
