"""Combines the bot, the worker and the deadlines in one process. Each part is optional."""

import gc
import logging
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from signoff.bot.app import QUICK_CALL_TIMEOUT, check_token, make_app, make_client
from signoff.bot.connection.absences import Absences
from signoff.bot.connection.directory import SlackDirectory
from signoff.bot.connection.lookups import Lookups
from signoff.bot.connection.people import People
from signoff.bot.connection.pinged import Pinged
from signoff.bot.connection.signed_http import HttpTransport
from signoff.bot.connection.socket_mode import SocketTransport
from signoff.bot.delivery.card_check import CardCheck
from signoff.bot.delivery.dispatcher import Dispatcher
from signoff.bot.delivery.messenger import Messenger
from signoff.bot.delivery.pings import Pings
from signoff.bot.delivery.rate_limits import RateLimits
from signoff.bot.interactions.responses import Responses
from signoff.bot.interactions.uploads import Uploads
from signoff.bot.settings import Mode, Settings
from signoff.flows.approval.absences import AbsenceCheck
from signoff.flows.approval.approver_check import ApproverCheck
from signoff.flows.approval.deadlines import DeadlineEnforcer
from signoff.flows.approval.desk import Desk
from signoff.flows.engine import link_to
from signoff.flows.engines.connected import ConnectedEngines
from signoff.flows.engines.embedded.scheduler import Scheduler, own_schedules
from signoff.flows.engines.embedded.worker import Worker
from signoff.flows.flow import Flow
from signoff.flows.loading import load_flows
from signoff.flows.schema.schema_validation import warm_up
from signoff.flows.services.signals import ShutdownSignal
from signoff.store import migrations
from signoff.store.database import Database, sqlite_file
from signoff.store.outbox import cards
from signoff.store.sqlite.file_system import network_fault
from signoff.store.supervisor import SupervisedThread

logger = logging.getLogger(__name__)

SWITCH_INTERVAL = 0.001
"""Seconds after which a thread that computes lets another one run. A press comes to need Python's lock some twenty
times, so with Python's own 5 ms a flow that only computes delays it by a tenth of a second, and more in a queue."""


class Bot:
    """The Slack side: the app that listens to people, and the dispatcher that keeps cards up to date.

    Args:
        flows: The flows that a worker in this process runs.

    Raises:
        BadSettings: If a token is missing or Slack refuses it.
    """

    def __init__(self, db: Database, settings: Settings, flows: Iterable[Flow[Any, Any]] = ()) -> None:
        self._db = db
        client = make_client(settings)
        team, quick = check_token(client), make_client(settings, timeout=QUICK_CALL_TIMEOUT)
        self._absences = Absences(db)
        self._lookups = lookups = Lookups(quick, team, patient=client, absences=self._absences)
        people = People(lookups)
        self._responses = Responses(db, client, people, Desk(db, SlackDirectory(lookups)))
        self._uploads = Uploads(client)
        app = make_app(settings, db, lookups, self._responses, self._uploads, flows)
        self._homes = app.homes
        if settings.mode is Mode.HTTP:
            self._transport: HttpTransport | SocketTransport = HttpTransport(
                app,
                settings.host,
                settings.port,
                signing_secret=settings.signing_secret(),
                unreadable=app.refuse,
            )
            logger.info("Listening for Slack on %s", self._transport.url)
        else:
            self._transport = SocketTransport(app, settings.app_token(), unreadable=app.refuse)
        self._dispatcher = Dispatcher(
            db,
            Messenger(
                client,
                people,
                Pings(db, Pinged(lookups, people)),
                channel=settings.channel,
                find=SlackDirectory(lookups).find,
                channel_id=lookups.channel_id,
                link=link_to,
            ),
            RateLimits(settings.slack_api_url),
            on_settled=self._responses.settle_forms,
        )
        self._card_check = CardCheck(db, client)
        self._approver_check = ApproverCheck(db, SlackDirectory(lookups))
        self._stack = ExitStack()

    @property
    def request_url(self) -> str | None:
        """The URL that Slack posts to; `None` in Socket Mode."""
        return self._transport.url if isinstance(self._transport, HttpTransport) else None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            # Stopped in the opposite order, so that no new requests come in while the rest is stopping.
            stack.callback(self._absences.stop)
            stack.callback(self._responses.stop)
            stack.callback(self._uploads.stop)
            stack.callback(self._lookups.stop)
            stack.callback(self._dispatcher.stop)
            stack.enter_context(self._homes)
            self._transport.start()
            stack.callback(self._transport.stop)
            # Somebody may have mended what was wrong before they started it.
            cards.retry_refused(self._db, given_up=False, now=self._db.now())
            self._dispatcher.start()
            stack.enter_context(self._approver_check)
            stack.enter_context(self._card_check)
            SupervisedThread(warm_up, name="signoff-warm-up").start()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


class Service:
    """What `signoff serve`, `signoff bot` and `signoff worker` run. Usable as a context manager.

    Args:
        settings: How to reach the database and Slack.
        flows: The flows for the worker; `None` for no worker.
        with_bot: Whether to serve Slack.
        concurrency: How many runs may be running at once.
        max_in_memory: How many runs may be in memory, including paused ones.
        grace: Seconds that running steps have to finish when the service stops.
    """

    def __init__(
        self,
        settings: Settings,
        flows: Iterable[Flow[Any, Any]] | None,
        *,
        with_bot: bool,
        concurrency: int = 32,
        max_in_memory: int = 1000,
        grace: float = 10.0,
    ) -> None:
        self.db = Database(settings.database_url)
        self.bot: Bot | None = None
        self._settings = settings
        self._flows = None if flows is None else list(flows)
        self._with_bot = with_bot
        self._concurrency = concurrency
        self._max_in_memory = max_in_memory
        self._grace = grace
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            if self._with_bot:
                # Before the database is created, so that a start without a token leaves nothing behind.
                self._settings.check_slack()
            stack.callback(self.db.close)
            file = sqlite_file(self.db)
            if file is not None and (fault := network_fault(file)) is not None:
                logger.warning("%s", fault)
            migrations.upgrade(self.db)
            stack.enter_context(DeadlineEnforcer(self.db))
            stack.enter_context(AbsenceCheck(self.db))
            if self._with_bot:
                self.bot = stack.enter_context(Bot(self.db, self._settings, self._flows or ()))
                stack.enter_context(ConnectedEngines(self.db, defaults=self._settings.defaults()))
            if self._flows is not None:
                worker = Worker(
                    self.db,
                    self._flows,
                    defaults=self._settings.defaults(),
                    concurrency=self._concurrency,
                    max_in_memory=self._max_in_memory,
                )
                worker.start()
                stack.callback(worker.stop, grace=self._grace)
                stack.enter_context(Scheduler(self.db, own_schedules(self._flows)))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


def _share_lock_often() -> None:
    """Set up this process so that no thread keeps Python's lock for long while presses wait for it."""
    # The garbage collector would go through everything that was imported, again and again, for a tenth of a second.
    gc.freeze()
    sys.setswitchinterval(SWITCH_INTERVAL)


def serve(
    settings: Settings, flow_files: Sequence[Path], shutdown: ShutdownSignal, *, with_bot: bool, with_worker: bool
) -> None:
    """Run until `shutdown`.

    Raises:
        BadSettings: If a setting is missing or wrong.
        flows.errors.InvalidFlow: If a flow file cannot be used.
        store.errors.StoreError: If the database cannot be used.
    """
    with ExitStack() as stack:
        with shutdown.starting_up():
            flows = load_flows(flow_files) if with_worker else None
            stack.enter_context(
                Service(
                    settings,
                    flows,
                    with_bot=with_bot,
                    concurrency=settings.concurrency,
                    max_in_memory=settings.max_in_memory,
                    grace=settings.grace,
                )
            )
        _share_lock_often()
        names = ", ".join(flow.name for flow in flows or ())
        logger.info(
            "Ready%s%s", ", Slack through " + settings.mode if with_bot else "", f", flows: {names}" if names else ""
        )
        shutdown.wait()
        logger.info("Stopping")
