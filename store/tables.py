"""The tables. `store.records` explains what the columns mean."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    true,
)
from sqlalchemy.dialects.sqlite import INTEGER as SQLITE_INTEGER

from signoff.store.sql.column_types import Name, UtcDateTime, Words

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


# SQLite generates ids only in a column of type INTEGER.
_Number = BigInteger().with_variant(SQLITE_INTEGER(), "sqlite")
_Id = String(36)


def _moment(name: str, *, nullable: bool = True) -> Column[datetime | None]:
    return Column(name, UtcDateTime, nullable=nullable)


def _json(name: str, *, nullable: bool = True) -> Column[Any]:
    return Column(name, JSON(none_as_null=True), nullable=nullable)


_conditions: list[tuple[Index, ColumnElement[bool]]] = []


def _partial_index(name: str, where: ColumnElement[bool], *columns: Column[Any], unique: bool = False) -> None:
    _conditions.append((Index(name, *columns, unique=unique), where))


def complete_metadata() -> MetaData:
    """The tables, and the conditions of their partial indexes, which migrations need and queries do not.

    They are not in the tables from the start, because an index that names a dialect makes SQLAlchemy import it:
    PostgreSQL's takes longer to import than this whole package, and a user of SQLite does not need it.
    """
    for index, where in _conditions:
        for dialect in ("sqlite", "postgresql"):
            index.dialect_options[dialect]["where"] = where
    return metadata


workers = Table(
    "workers",
    metadata,
    Column("id", _Id, primary_key=True),
    # Within one domain a process id means one process, so workers of one domain can tell whether the other is alive.
    Column("domain", String, nullable=False),
    Column("pid", Integer, nullable=False),
    # When that process started, since pids are used again; NULL where the system does not tell.
    Column("pid_started", String),
    # The name, source and fingerprint of each flow that it runs; NULL if it takes no runs, or only a certain one.
    _json("flows"),
    # The JSON Schema of each flow's parameters by its name, so that others can ask for them; NULL as above.
    _json("parameters"),
    _moment("started_at", nullable=False),
    _moment("expires_at", nullable=False),
)

# What all processes add to the clock that they share, see `store.clock`.
clocks = Table(
    "clocks",
    metadata,
    # On SQLite, the start of the machine from which seconds are counted; on PostgreSQL, the server's clock.
    Column("timeline", String, primary_key=True),
    Column("offset_us", BigInteger, nullable=False),
)

flow_runs = Table(
    "flow_runs",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("name", Name, nullable=False),
    Column("flow", Name, nullable=False),
    _json("parameters", nullable=False),
    Column("state", String(16), nullable=False),
    Column("message", Words, nullable=False, default=""),
    _moment("created_at", nullable=False),
    _moment("started_at"),
    _moment("finished_at"),
    _moment("runnable_at"),
    Column("lease_owner", _Id),
    Column("fencing_token", Integer, nullable=False, default=0),
    Column("attempt", Integer, nullable=False, default=1),
    _json("result"),
    Column("error", Words),
    # How many workers in a row have died while they executed it, and how much it had recorded when the last one did.
    Column("crashes", Integer, nullable=False, server_default="0"),
    Column("progress_at_crash", Integer, nullable=False, server_default="0"),
    Column("engine", String, nullable=False, server_default="embedded"),
    # What another engine calls the run.
    Column("external_id", String),
    Column("requester", Name),
    Column("requester_name", Name),
    # Where its flow comes from, and the hash of the flow's code; NULL if that is unknown.
    Column("source", Name),
    Column("fingerprint", String(64)),
    # How its journal names what runs side by side; NULL for a run that was created before revision 0020.
    Column("journal_version", Integer),
)
_partial_index("ix_flow_runs_runnable_at", flow_runs.c.runnable_at.is_not(None), flow_runs.c.runnable_at)
_partial_index("ix_flow_runs_requester", flow_runs.c.requester.is_not(None), flow_runs.c.requester)
_partial_index("ix_flow_runs_lease_owner", flow_runs.c.lease_owner.is_not(None), flow_runs.c.lease_owner)
Index("ix_flow_runs_created_at", flow_runs.c.created_at, flow_runs.c.id)
_partial_index(
    "ix_flow_runs_external_id",
    flow_runs.c.external_id.is_not(None),
    flow_runs.c.engine,
    flow_runs.c.external_id,
    unique=True,
)


steps = Table(
    "steps",
    metadata,
    Column("run_id", _Id, ForeignKey("flow_runs.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Name, primary_key=True),
    Column("arguments_hash", String(64), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("format", String(8), nullable=False),
    Column("result", Text, nullable=False),
    _moment("started_at", nullable=False),
    _moment("finished_at", nullable=False),
    # What a person may see of the arguments; NULL for a step that was recorded before revision 0020.
    Column("arguments", Text),
)

prompts = Table(
    "prompts",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("run_id", _Id, ForeignKey("flow_runs.id", ondelete="CASCADE"), nullable=False),
    Column("key", Name, nullable=False),
    Column("title", Words, nullable=False),
    Column("description", Words, nullable=False),
    _json("schema"),
    Column("schema_hash", String(64), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    _json("initial_values", nullable=False),
    _json("policy", nullable=False),
    Column("model", String),
    _moment("opened_at", nullable=False),
    _moment("deadline"),
    _moment("due_at"),
    Column("reminders_sent", Integer, nullable=False, default=0),
    Column("outcome", String(16)),
    _moment("settled_at"),
    Column("settled_by", Name),
    Column("settled_by_name", Name),
    # Who says that it was this person; NULL if Slack did.
    Column("settled_claim", Name),
    _json("answer"),
    Column("reason", Words),
    Column("revision", Integer, nullable=False, default=1),
    # What Slack has said about the approvers, and when it is asked about them next; NULL if that is not needed.
    _json("approvers"),
    _moment("approvers_due_at"),
    # Who has to agree, of a policy for which they are counted or the requester does not count.
    _json("reviewers"),
    # The votes that count, one for each person; NULL as long as one vote would settle it.
    _json("votes"),
    # When it was noted that its deadline has passed, of a prompt that stays open after that.
    _moment("overdue_at"),
    # The vote that decides it, as long as the person may undo it, and until when that is.
    _json("held"),
    # The stages of its policy that it has passed, each with those who have agreed; NULL before the first.
    _json("stages"),
    # What it asked in its place before, in other words, and how that ended.
    _json("earlier"),
    # What the rules of the policy have said; NULL if it has none, or if none matched.
    _json("ruling"),
    # The hash by which an approval of the same request is found; NULL if its policy does not let one count again.
    Column("repeat_key", String(64)),
    # What people have said about it without deciding, and the answers of its requester.
    _json("comments"),
    # The id of the person who has taken it on, and the rest that is known of that.
    Column("assignee", Name),
    _json("assignment"),
    # How many of its policy's escalations have come.
    Column("escalations", Integer, nullable=False, server_default="0"),
    # Until when people have put off their reminders, by their ids.
    _json("snoozed"),
    UniqueConstraint("run_id", "key"),
)
_partial_index("ix_prompts_due_at", prompts.c.due_at.is_not(None), prompts.c.due_at)
_partial_index("ix_prompts_approvers_due_at", prompts.c.approvers_due_at.is_not(None), prompts.c.approvers_due_at)
_partial_index("ix_prompts_assignee", prompts.c.assignee.is_not(None) & prompts.c.outcome.is_(None), prompts.c.assignee)
_partial_index("ix_prompts_settled_by", prompts.c.settled_by.is_not(None), prompts.c.settled_by, prompts.c.settled_at)
_partial_index("ix_prompts_open", prompts.c.outcome.is_(None), prompts.c.opened_at, prompts.c.id)
_partial_index("ix_prompts_repeat_key", prompts.c.repeat_key.is_not(None), prompts.c.repeat_key, prompts.c.settled_at)

submissions = Table(
    "submissions",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("prompt_id", _Id, ForeignKey("prompts.id", ondelete="CASCADE"), nullable=False, index=True),
    _moment("at", nullable=False),
    Column("actor", Name, nullable=False),
    Column("actor_name", Name, nullable=False),
    # Who says that it was this person; NULL if Slack did.
    Column("claim", Name),
    Column("verdict", String(8), nullable=False, server_default="submit"),
    Column("via", String, nullable=False),
    _json("values"),
    Column("reason", Words),
    # Whether its prompt was still open, so that it counts.
    Column("in_time", Boolean, nullable=False, server_default=true()),
    # In whose place it was sent; NULL for the person's own.
    _json("instead_of"),
    # The stage of the policy in which it came; NULL without stages.
    Column("stage", Name),
)

# Who is away, and who covers for them.
absences = Table(
    "absences",
    metadata,
    Column("person", Name, primary_key=True),
    Column("name", Name, nullable=False),
    _moment("until", nullable=False),
    Column("cover", Name),
    Column("cover_name", Name),
)

# Whose turn it is, see `store.prompts.rotations`.
rotations = Table(
    "rotations",
    metadata,
    Column("rotation", Name, primary_key=True),
    # Empty for the row with the number of the last turn of all.
    Column("person", Name, primary_key=True),
    Column("turn", Integer, nullable=False),
)

drafts = Table(
    "drafts",
    metadata,
    Column("prompt_id", _Id, ForeignKey("prompts.id", ondelete="CASCADE"), primary_key=True),
    Column("actor", Name, primary_key=True),
    _json("values", nullable=False),
    _moment("updated_at", nullable=False),
    # Raised by every save. Each names the one that it was made from, so that it never undoes another.
    Column("revision", Integer, nullable=False, server_default="1"),
)

cards = Table(
    "cards",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("prompt_id", _Id, ForeignKey("prompts.id", ondelete="CASCADE"), nullable=False),
    # Where it goes, and below where Slack has put it: a direct message has a channel of its own.
    Column("place_kind", String(16), nullable=False),
    Column("place_target", String, nullable=False),
    Column("channel", String),
    Column("ts", String),
    # The newest revision that it shows in full. It is one less while the card lacks the mention of an approver.
    Column("shown_revision", Integer, nullable=False, default=0),
    # The hash of the message as it was posted or updated last; NULL before the first time.
    Column("shown_hash", String(64)),
    # When the dispatcher has to post or update it; NULL if Slack is up to date.
    _moment("due_at"),
    # The dispatcher that is posting or updating it. As long as that one is alive, no other may.
    Column("claimed_by", _Id),
    Column("attempts", Integer, nullable=False, default=0),
    Column("error", Words),
    # Slack's name for the error, if only a person can mend it: `is_archived` for example.
    Column("refusal", String),
    UniqueConstraint("prompt_id", "place_kind", "place_target"),
)
_partial_index("ix_cards_due_at", cards.c.due_at.is_not(None), cards.c.due_at)
_partial_index("ix_cards_refusal", cards.c.refusal.is_not(None), cards.c.refusal)
_partial_index("ix_cards_message", cards.c.ts.is_not(None), cards.c.channel, cards.c.ts)

notices = Table(
    "notices",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("prompt_id", _Id, ForeignKey("prompts.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),
    # NULL for the thread of the prompt's first card.
    Column("place_kind", String(16)),
    Column("place_target", String),
    _json("detail", nullable=False),
    _moment("created_at", nullable=False),
    _moment("due_at"),
    Column("claimed_by", _Id),
    Column("attempts", Integer, nullable=False, default=0),
    Column("ts", String),
    Column("error", Words),
)
_partial_index("ix_notices_due_at", notices.c.due_at.is_not(None), notices.c.due_at)

# Whom reminders have pinged.
pings = Table(
    "pings",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("prompt_id", _Id, ForeignKey("prompts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("person", Name, nullable=False),
    _moment("at", nullable=False),
    Index("ix_pings_person_at", "person", "at"),
)

# One for each outcome of a run that another engine than the embedded one runs.
deliveries = Table(
    "deliveries",
    metadata,
    Column("prompt_id", _Id, ForeignKey("prompts.id", ondelete="CASCADE"), primary_key=True),
    Column("engine", String, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("state", String(16), nullable=False, default="pending"),
    # What the engine said when it accepted or refused it.
    Column("words", Words, nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0),
    # When it is tried next; NULL once the engine has accepted or refused it.
    _moment("due_at"),
    # The process that delivers it now, or that tried last and did not learn the result. While that process lives, no
    # other may try.
    Column("claimed_by", _Id),
    _moment("created_at", nullable=False),
    _moment("finished_at"),
    Column("error", Words),
)
_partial_index("ix_deliveries_due_at", deliveries.c.due_at.is_not(None), deliveries.c.engine, deliveries.c.due_at)

ledger = Table(
    "ledger",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("prompt_id", _Id, ForeignKey("prompts.id", ondelete="CASCADE"), nullable=False),
    _moment("at", nullable=False),
    Column("event", String(32), nullable=False),
    Column("actor", Name),
    _json("detail", nullable=False),
    # The line's number within its prompt, and its hash, see `store.ledger_chain`.
    Column("number", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("prompt_id", "number"),
)

# The number and the hash of the newest line of each prompt.
ledger_heads = Table(
    "ledger_heads",
    metadata,
    Column("prompt_id", _Id, ForeignKey("prompts.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    sqlite_with_rowid=False,
)

# How often each person has tried in vain to act on a prompt, of which the ledger has not every repetition.
attempts = Table(
    "attempts",
    metadata,
    Column("prompt_id", _Id, ForeignKey("prompts.id", ondelete="CASCADE"), primary_key=True),
    Column("actor", Name, primary_key=True),
    # What the ledger calls it.
    Column("event", String(32), primary_key=True),
    Column("times", Integer, nullable=False),
    sqlite_with_rowid=False,
)

inputs = Table(
    "inputs",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("run_id", _Id, ForeignKey("flow_runs.id", ondelete="CASCADE"), nullable=False),
    Column("key", Name, nullable=False),
    _json("value"),
    Column("sender", Words),
    _moment("created_at", nullable=False),
    UniqueConstraint("run_id", "key"),
)

schedules = Table(
    "schedules",
    metadata,
    Column("flow", Name, primary_key=True),
    # Empty for the schedule in the `@flow` decorator.
    Column("name", Name, primary_key=True),
    Column("cron", String, nullable=False),
    Column("timezone", String, nullable=False),
    _json("parameters", nullable=False),
    Column("catch_up", String(8), nullable=False),
    _moment("next_at", nullable=False),
)

# They outlive their schedule, so that no tick gets a second run if the schedule comes back.
ticks = Table(
    "ticks",
    metadata,
    Column("flow", Name, primary_key=True),
    Column("schedule", Name, primary_key=True),
    Column("at", UtcDateTime, primary_key=True),
    Column("run_id", _Id, ForeignKey("flow_runs.id", ondelete="CASCADE"), nullable=False, unique=True),
)

artifacts = Table(
    "artifacts",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("run_id", _Id, ForeignKey("flow_runs.id", ondelete="CASCADE"), nullable=True, index=True),
    Column("key", Name, index=True),
    Column("type", String(16), nullable=False),
    Column("description", Words),
    _json("data", nullable=False),
    _moment("created_at", nullable=False),
)

blocks = Table(
    "blocks",
    metadata,
    Column("type", String, primary_key=True),
    Column("name", Name, primary_key=True),
    _json("value"),
    _moment("updated_at", nullable=False),
)
