"""What `signoff doctor` checks. A finding says what is wrong and what to do, and never shows a secret."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from slack_sdk.errors import SlackApiError

from signoff.bot.blockkit.markup import plain, sentences
from signoff.bot.cli.as_text import short
from signoff.bot.cli.database import opened
from signoff.bot.cli.refusals import refused_as_text
from signoff.bot.connection.directory import SlackDirectory
from signoff.bot.connection.lookups import Lookups
from signoff.bot.connection.slack_clock import skew_message, skew_to_slack
from signoff.bot.connection.web_client import CONNECTION_ERRORS, explain, name_of, web_client
from signoff.bot.manifest import SIGNOFF
from signoff.bot.settings import Mode, Settings, load_settings
from signoff.flows.approval.approvers import Directory, NameKind, StatedNames, Unknowable
from signoff.flows.approval.names import spelling_fault
from signoff.flows.database.url import database_url
from signoff.flows.engine import engine, engine_names
from signoff.flows.errors import BadSettings
from signoff.store import migrations
from signoff.store.clock import MAX_SKEW
from signoff.store.database import Database, sqlite_file
from signoff.store.errors import StoreError
from signoff.store.outbox import cards
from signoff.store.outbox.deliveries import stuck
from signoff.store.policy import Policy
from signoff.store.prompts import prompts
from signoff.store.records.approvers import Approver
from signoff.store.records.prompts import Delivery, DeliveryState, Prompt
from signoff.store.records.runs import EMBEDDED
from signoff.store.sqlite.file_guard import others_message
from signoff.store.sqlite.file_system import network_fault
from signoff.store.sqlite.wakeup import processes_with_another_file

PENDING_FOR = timedelta(minutes=1)
"""How long a delivery may be pending before that is a finding."""

MAX_READING = 60.0
"""Seconds for which the workspace's people are listed at most, to find approvers that are named by handles."""

MAX_PLACES = 20
"""How many places are listed in which Slack does not take cards."""

_MESSAGE = 600


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check.

    Attributes:
        check: What was checked, in a word or two.
        ok: Whether it works.
        message: What was found, or what is wrong and what to do.
    """

    check: str
    ok: bool
    message: str


def findings() -> Iterator[Finding]:
    """What every check found, in the order of the registry."""
    try:
        database_url()
    except BadSettings as error:
        # Nothing of the settings can be read.
        yield Finding("settings", False, str(error))
        return
    for check in CHECKS:
        yield from check()
    try:
        settings = load_settings()
    except BadSettings as error:
        yield Finding("settings", False, str(error))
        return
    for check_with in CHECKS_OF_SETTINGS:
        yield from check_with(settings)


def _database() -> Iterator[Finding]:
    try:
        with opened() as db:
            file = sqlite_file(db)
            if file is not None and (fault := network_fault(file)) is not None:
                yield Finding("database", False, fault)
            if file is not None and (processes := processes_with_another_file(file)):
                yield Finding("database", False, others_message(file, processes))
                return
            if file is not None and not file.exists():
                yield _missing_file(file, db)
                return
            migrations.check(db)
            yield Finding("database", True, f"{db.shown_url} is at revision {migrations.revision(db)}")
            db.clock.sync()
            if (wrong := db.clock.fault()) is not None:
                yield Finding("clock", False, wrong)
    except StoreError as error:
        yield Finding("database", False, str(error))


def _missing_file(file: Path, db: Database) -> Finding:
    if os.access(file.absolute().parent, os.W_OK):
        return Finding("database", True, f"{db.shown_url} does not exist yet. It is created when it is first needed.")
    return Finding(
        "database",
        False,
        f"{db.shown_url} cannot be created, because its folder is missing or read-only. Check DATABASE_URL.",
    )


def _engines() -> Iterator[Finding]:
    """What each engine finds wrong; of the embedded one, flows whose runs wait for a worker."""
    for name in engine_names():
        check = "flows" if name == EMBEDDED else f"engine {name}"
        try:
            for problem in engine(name).check():
                yield Finding(check, False, problem.message)
        except Exception as error:  # noqa: BLE001 - a check that fails is a finding of its own
            yield Finding(check, False, str(error) or type(error).__name__)


def _deliveries() -> Iterator[Finding]:
    """Outcomes that another engine has refused, or has not accepted for a while."""
    with suppress(StoreError), opened() as db:
        file = sqlite_file(db)
        if file is None or file.exists():
            for prompt in stuck(db, now=db.now(), pending_for=PENDING_FOR):
                yield Finding("deliveries", False, plain(_undelivered(prompt), _MESSAGE))


def _undelivered(prompt: Prompt) -> str:
    """What is wrong with a delivery, and what to do."""
    delivery = prompt.delivery or Delivery(DeliveryState.PENDING)
    outcome = f"the outcome of {prompt.label}"
    if delivery.state is DeliveryState.REFUSED:
        why = f": {delivery.words}" if delivery.words else ""
        history = f"`signoff history {short(prompt.id)}` shows what was decided; look at the run on {prompt.engine}."
        return sentences(f"{prompt.engine} refused {outcome}{why}", history)
    if prompt.engine not in engine_names():
        return f"No process delivers {outcome} to {prompt.engine}. Start `signoff bot` where that engine is installed."
    why = f"The last attempt failed ({delivery.error})." if delivery.error else "No attempt has been made yet."
    return (
        f"{prompt.engine} has not accepted {outcome}. {why} It is retried while `signoff bot` or `signoff serve` runs."
    )


def _cards() -> Iterator[Finding]:
    """Cards that Slack does not take until a person mends something. They are tried again at once."""
    with suppress(StoreError), opened() as db:
        file = sqlite_file(db)
        if file is not None and not file.exists():
            return
        found = cards.refused(db)
        for each in found[:MAX_PLACES]:
            yield Finding("cards", False, plain(refused_as_text(each), _MESSAGE))
        if len(found) > MAX_PLACES:
            yield Finding("cards", False, f"The same goes for {len(found) - MAX_PLACES} more places.")
        if found:
            cards.retry_refused(db, given_up=True, now=db.now())


def _policies() -> Iterator[Finding]:
    """Open prompts that nobody can answer, because this version cannot read their policy."""
    with suppress(StoreError), opened() as db:
        file = sqlite_file(db)
        if file is not None and not file.exists():
            return
        broken = prompts.with_broken_policies(db)
        if broken:
            more = f" It is one of {len(broken)} such prompts." if len(broken) > 1 else ""
            yield Finding("policies", False, f"{prompts.get(db, broken[0]).policy_fault}{more}")


def _approvers(settings: Settings) -> Iterator[Finding]:
    """Approvers that do not exist, of open prompts and of the settings, with what to write instead."""
    named = _named_approvers(settings)
    unknown = []
    for name, found in look_up_all(settings, [approver for approver, _, _ in named.values()]).items():
        _, where, what_to_do = named[name]
        fault = spelling_fault(name) if isinstance(found, Unknowable) else found.fault
        if fault:
            yield Finding("approvers", False, plain(f"{name} cannot answer {where}. {fault} {what_to_do}", _MESSAGE))
        elif isinstance(found, Unknowable):
            unknown.append(name)
    if unknown and settings.slack_bot_token is not None:
        # No fault of the installation: Slack limits how fast the users of a large workspace can be read.
        told = (
            f"Not checked, because Slack did not answer: {', '.join(unknown)}. Write ids, which are checked one by one."
        )
        yield Finding("approvers", True, plain(told, _MESSAGE))


def look_up_all(settings: Settings, approvers: Sequence[Approver]) -> dict[str, Approver | Unknowable]:
    """What Slack says of approvers now, by the names that policies use."""
    with lookups_of(settings) as lookups:
        if lookups is None:
            return {each.name: _look_up(StatedNames(), each) for each in approvers}
        if any(NameKind.of(each.name) is NameKind.HANDLE and not each.id and not each.fault for each in approvers):
            lookups.read_people(MAX_READING)
        directory = SlackDirectory(lookups)
        return {each.name: _look_up(directory, each) for each in approvers}


@contextmanager
def lookups_of(settings: Settings) -> Iterator[Lookups | None]:
    """Asks Slack about people and channels; `None` without a token."""
    try:
        token = settings.bot_token()
    except BadSettings:
        yield None
        return
    lookups = Lookups(web_client(token, settings.slack_api_url), None)
    try:
        yield lookups
    finally:
        lookups.stop()


def _look_up(directory: Directory, approver: Approver) -> Approver | Unknowable:
    """What Slack says of an approver now. What the bot has found is not looked for among all users again."""
    if approver.fault and NameKind.of(approver.name) is NameKind.HANDLE and approver.id is None:
        return approver
    return directory.find(approver.id or approver.name)


def _named_approvers(settings: Settings) -> dict[str, tuple[Approver, str, str]]:
    """Each approver of the settings and of open prompts: what they are to answer, and where to correct the name."""
    default = ("prompts whose policy names nobody", "Correct SIGNOFF_APPROVERS.")
    named = {name: (Approver(name), *default) for name in settings.approvers}
    for place, where, policy in _policies_in_file(settings):
        for name in policy.named:
            named.setdefault(name, (Approver(name), where, f"Correct [{place}]."))
    with suppress(StoreError), opened() as db:
        file = sqlite_file(db)
        if file is not None and not file.exists():
            return named
        page = prompts.pending(db)
        while page:
            for prompt in (each for each in page if each.policy_fault is None):
                where = prompt.label
                start = f"`signoff cancel {short(prompt.run_id)}`, correct the policy, and start the run again."
                for each in prompt.approvers_to_come:
                    named.setdefault(each.name, (each, where, start))
            page = prompts.pending(db, after=page[-1])
    return named


def _policies_in_file(settings: Settings) -> Iterator[tuple[str, str, Policy]]:
    """The policies in the file that SIGNOFF_POLICIES names: their tables, what is asked under them, and what they say.

    A file that is invalid is found by another check.
    """
    with suppress(BadSettings):
        found = settings.defaults()
        yield "policy", "prompts whose policy names nobody", found.everywhere
        for name, policy in found.flows.items():
            yield f"policy.flows.{name}", f"prompts of the flow {name}", policy
        for tag, policy in found.tags.items():
            yield f"policy.tags.{tag}", f"prompts of flows with the tag {tag}", policy


def _policy_file(settings: Settings) -> Iterator[Finding]:
    """What is wrong with the file that has the default policies."""
    try:
        settings.defaults()
    except BadSettings as error:
        yield Finding("settings", False, str(error))


def _reviewers() -> Iterator[Finding]:
    """Open prompts on which too few people can agree, or whose requester cannot be told from the others."""
    with suppress(StoreError), opened() as db:
        file = sqlite_file(db)
        if file is not None and not file.exists():
            return
        page = prompts.pending(db)
        while page:
            for prompt in page:
                if fault := prompt.reviewers.fault:
                    start = f"`signoff cancel {short(prompt.run_id)}`, and start the run again."
                    what_to_do = "" if "start it again" in fault else f" Change who is in the group, or {start}"
                    yield Finding("approvers", False, plain(f"{prompt.label}: {fault}{what_to_do}", _MESSAGE))
            page = prompts.pending(db, after=page[-1])


def _mode(settings: Settings) -> Iterator[Finding]:
    # With neither of them there is no connection to speak of; a later check says what is missing.
    if settings.slack_app_token is None and settings.slack_signing_secret is None:
        return
    yield Finding("settings", True, f"Signoff connects to Slack by {settings.mode}, at {settings.slack_api_url}")


def _bot_token(settings: Settings) -> Iterator[Finding]:
    try:
        answer = web_client(settings.bot_token(), settings.slack_api_url).auth_test()
    except BadSettings as error:
        yield Finding("bot token", False, f"{error} Without it Signoff cannot use Slack; all other commands work.")
        return
    except SlackApiError as error:
        yield Finding("bot token", False, f"Slack rejects SLACK_BOT_TOKEN ({name_of(error)}). Copy it again.")
        return
    except CONNECTION_ERRORS as error:
        yield _unreachable("bot token", settings, error)
        return
    yield Finding("bot token", True, f"SLACK_BOT_TOKEN belongs to @{answer.get('user')} in {answer.get('team')}")
    yield _scopes(next((value for name, value in answer.headers.items() if name.lower() == "x-oauth-scopes"), None))
    skew = skew_to_slack(answer)
    if skew is not None and abs(skew) > MAX_SKEW:
        yield Finding("clock", False, skew_message(skew))


def _scopes(granted: str | None) -> Finding:
    """Compares the scopes of the app with those that Slack lists in the header of an answer, if it has one."""
    check, wanted, optional = "scopes", SIGNOFF.scopes, SIGNOFF.optional_scopes
    if granted is None:
        return Finding(check, True, "Not checked, because the answer did not say which scopes are granted")
    missing = wanted - {scope.strip() for scope in granted.split(",")}
    names = ", ".join(sorted(missing))
    if missing - optional:
        return Finding(check, False, f"Missing: {names}. Update the app from manifest.yml, and install it again.")
    if missing:
        without = "a card may be posted twice after a crash, and one that is deleted is noticed late"
        if missing == {"reactions:read"}:
            without = "nobody is told that an emoji decides nothing"
        return Finding(check, True, f"All scopes that are required are granted. Without {names}, {without}")
    return Finding(check, True, f"All {len(wanted)} scopes of manifest.yml are granted")


def _app_token(settings: Settings) -> Iterator[Finding]:
    if settings.mode is not Mode.SOCKET:
        return
    check = "app token"
    try:
        token = settings.app_token()
        web_client(token, settings.slack_api_url).apps_connections_open(app_token=token)
    except BadSettings as error:
        yield Finding(check, False, str(error))
    except SlackApiError as error:
        yield Finding(
            check,
            False,
            f"Slack rejects SLACK_APP_TOKEN ({name_of(error)}). Copy it again, or generate one with the scope "
            "connections:write.",
        )
    except CONNECTION_ERRORS as error:
        yield _unreachable(check, settings, error)
    else:
        yield Finding(check, True, "SLACK_APP_TOKEN opens Socket Mode connections")


def _signing_secret(settings: Settings) -> Iterator[Finding]:
    if settings.mode is not Mode.HTTP:
        return
    check = "signing secret"
    try:
        settings.signing_secret()
    except BadSettings as error:
        yield Finding(check, False, str(error))
        return
    address = f"http://{settings.host}:{settings.port}/slack/events"
    yield Finding(check, True, f"SLACK_SIGNING_SECRET is set. Slack's requests have to reach {address}.")


def _unreachable(check: str, settings: Settings, error: Exception) -> Finding:
    return Finding(
        check, False, f"Cannot reach {settings.slack_api_url}: {explain(error)}. Check SLACK_API_URL and the network."
    )


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (_database, _engines, _policies, _reviewers, _deliveries, _cards)
"""Checks that need no valid settings. A check yields nothing if it does not apply."""

CHECKS_OF_SETTINGS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _mode,
    _bot_token,
    _app_token,
    _signing_secret,
    _policy_file,
    _approvers,
)
"""Checks that need valid settings."""
