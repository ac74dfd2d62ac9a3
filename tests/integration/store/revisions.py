"""The rows of a database of each released revision, so that every upgrade is tested with data.

A new revision gets an entry of its own in `ADDED`: rows for its new tables and, under the names of existing rows,
values for its new columns. Columns that it renames go into `RENAMED`. The entries of earlier revisions never change.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from signoff.store.migrations import REVISIONS

Rows = dict[str, dict[str, dict[str, Any]]]
"""By table, and by a name that only this file knows: the columns that are not NULL."""

THEN = datetime(2024, 5, 6, 12, 0, tzinfo=UTC)
LATER = THEN + timedelta(minutes=5)

WAITING_RUN = "c47e6261-9b78-4420-8b02-de4d915dac01"
DONE_RUN = "0f3f4d0f-6a0d-4a57-9d0a-0a7d3b1c2e01"
FAILED_RUN = "0f3f4d0f-6a0d-4a57-9d0a-0a7d3b1c2e02"
NEW_RUN = "0f3f4d0f-6a0d-4a57-9d0a-0a7d3b1c2e03"
ELSEWHERE_RUN = "0f3f4d0f-6a0d-4a57-9d0a-0a7d3b1c2e04"
DEAD_WORKER = "f1477c6e-420e-4615-b056-1b8dc724e7e1"
ANSWERED = "0c77988c-9e60-43dc-8d74-2c2a1f19011e"
OPEN = "1edd01da-034c-4ef7-92e5-c9f23b0851cb"
REJECTED = "5a3cf8f1-4f65-4f86-9f0f-3f6f1a1f7c01"
ON_ITS_WAY = "6b0b1f3e-2f5d-4d9e-9b43-0d1b6f0d7a01"
TURNED_DOWN = "6b0b1f3e-2f5d-4d9e-9b43-0d1b6f0d7a02"
FINGERPRINT = "bccf9a76f8b03cf496cf399cb7e960abb8fe7fddc59706acf4360b0e2264727a"

ADDED: dict[str, Rows] = {
    "0001": {
        "workers": {
            "dead": {"id": DEAD_WORKER, "domain": "elsewhere", "pid": 1, "started_at": THEN, "expires_at": LATER},
        },
        "flow_runs": {
            "waiting": {
                "id": WAITING_RUN,
                "name": "colorful-moth",
                "flow": "order",
                "parameters": {"pieces": 3},
                "state": "Paused",
                "message": "",
                "created_at": THEN,
                "started_at": THEN,
                "lease_owner": DEAD_WORKER,
                "fence": 1,
                "attempt": 1,
            },
            "done": {
                "id": DONE_RUN,
                "name": "calm-heron",
                "flow": "order",
                "parameters": {"pieces": 1},
                "state": "Completed",
                "message": "",
                "created_at": THEN,
                "started_at": THEN,
                "finished_at": LATER,
                "fence": 2,
                "attempt": 1,
                "result": [{"price": 7}, "small", True],
            },
            "failed": {
                "id": FAILED_RUN,
                "name": "odd-badger",
                "flow": "invoice",
                "parameters": {},
                "state": "Failed",
                "message": "",
                "created_at": THEN,
                "started_at": THEN,
                "finished_at": LATER,
                "fence": 1,
                "attempt": 2,
                "error": "Rejected by Ben: Too dear",
            },
            "new": {
                "id": NEW_RUN,
                "name": "brave-otter",
                "flow": "invoice",
                "parameters": {},
                "state": "Scheduled",
                "message": "",
                "created_at": LATER,
                "runnable_at": LATER,
                "fence": 0,
                "attempt": 1,
            },
        },
        "steps": {
            "quote": {
                "run_id": WAITING_RUN,
                "key": "quote",
                "arguments_hash": "d2fad44cb8124655d0dbabde6d91bfb4cc40b460eb801c055170d08b5cc7adf8",
                "fingerprint": FINGERPRINT,
                "format": "json",
                "result": '{"price":21}',
                "started_at": THEN,
                "finished_at": THEN,
            },
        },
        "prompts": {
            "answered": {
                "id": ANSWERED,
                "run_id": WAITING_RUN,
                "key": "1",
                "title": "Shirt",
                "description": "Which shirt?",
                "schema": {
                    "additionalProperties": False,
                    "description": "Which shirt?",
                    "properties": {"size": {"enum": ["small", "large"], "title": "Size", "type": "string"}},
                    "required": ["size"],
                    "title": "Shirt",
                    "type": "object",
                },
                "schema_hash": "cc5b3417c88c59c4f919b33ea89d7f0309cadd465649b36b9247df664f3e9e59",
                "fingerprint": FINGERPRINT,
                "initial": {},
                "policy": {"channel": "#orders"},
                "model": "signoff_flow_ordering:Shirt@/srv/flows/ordering.py",
                "opened_at": THEN,
                "reminders_sent": 0,
                "outcome": "submitted",
                "settled_at": LATER,
                "settled_by": "U1",
                "settled_by_name": "Ana",
                "answer": {"size": "large"},
                "revision": 2,
            },
            "open": {
                "id": OPEN,
                "run_id": WAITING_RUN,
                "key": "2",
                "title": "Input needed",
                "description": "",
                "schema": {
                    "additionalProperties": False,
                    "properties": {"value": {"title": "Value", "type": "boolean"}},
                    "required": ["value"],
                    "title": "Input",
                    "type": "object",
                },
                "schema_hash": "fc3872367edadab4315965f904ec890dab9e7e8f8cda199e4d17486e759fcfb9",
                "fingerprint": FINGERPRINT,
                "initial": {},
                "policy": {},
                "opened_at": LATER,
                "deadline": datetime(2124, 1, 1, tzinfo=UTC),
                "due_at": datetime(2124, 1, 1, tzinfo=UTC),
                "reminders_sent": 0,
                "revision": 1,
            },
            "rejected": {
                "id": REJECTED,
                "run_id": FAILED_RUN,
                "key": "1",
                "title": "Pay?",
                "description": "",
                "schema_hash": "0" * 64,
                "fingerprint": FINGERPRINT,
                "initial": {},
                "policy": {},
                "opened_at": THEN,
                "reminders_sent": 1,
                "outcome": "rejected",
                "settled_at": LATER,
                "settled_by": "U2",
                "settled_by_name": "Ben",
                "reason": "Too dear",
                "revision": 2,
            },
        },
        "submissions": {
            "answer": {
                "prompt_id": ANSWERED,
                "at": LATER,
                "actor": "U1",
                "actor_name": "Ana",
                "via": "slack",
                "values": {"size": "large"},
            },
            "rejection": {
                "prompt_id": REJECTED,
                "at": LATER,
                "actor": "U2",
                "actor_name": "Ben",
                "via": "cli",
                "reason": "Too dear",
            },
        },
        "cards": {
            "posted": {"prompt_id": ANSWERED, "channel": "C1", "ts": "1714996800.000100", "shown": 2, "attempts": 0},
            "missing": {
                "prompt_id": OPEN,
                "shown": 0,
                "due_at": LATER,
                "taken_by": DEAD_WORKER,
                "attempts": 3,
                "error": "channel_not_found",
            },
            "rejected": {"prompt_id": REJECTED, "channel": "C1", "ts": "1714996800.000200", "shown": 2, "attempts": 0},
        },
        "notices": {
            "due": {
                "prompt_id": REJECTED,
                "kind": "run_ended",
                "detail": {"state": "Failed", "result": None, "error": "Rejected by Ben: Too dear"},
                "created_at": LATER,
                "due_at": LATER,
                "taken_by": DEAD_WORKER,
                "attempts": 1,
                "error": "ratelimited",
            },
            "posted": {
                "prompt_id": REJECTED,
                "kind": "reminder",
                "detail": {"number": 1},
                "created_at": THEN,
                "attempts": 1,
                "ts": "1714996800.000300",
            },
        },
        "ledger": {
            "opened": {"prompt_id": ANSWERED, "at": THEN, "event": "opened", "detail": {"key": "1"}},
            "submitted": {
                "prompt_id": ANSWERED,
                "at": LATER,
                "event": "submitted",
                "actor": "U1",
                "detail": {"via": "slack", "answer": {"size": "large"}, "name": "Ana"},
            },
            "opened again": {"prompt_id": OPEN, "at": LATER, "event": "opened", "detail": {"key": "2"}},
        },
        "artifacts": {
            "quote": {
                "id": "e96af5bc-9891-55b4-abbe-0e1f43713639",
                "run_id": WAITING_RUN,
                "key": "quote",
                "type": "markdown",
                "description": "What it costs",
                "data": "A quote",
                "created_at": THEN,
            },
        },
        "blocks": {"price": {"type": "json", "name": "price", "value": {"shirt": 7}, "updated_at": THEN}},
    },
    "0002": {
        "drafts": {"value": {"prompt_id": OPEN, "actor": "U1", "values": {"value": True}, "updated_at": LATER}},
    },
    "0003": {
        "inputs": {
            "greeting": {
                "run_id": WAITING_RUN,
                "key": "greeting-1",
                "value": {"text": "hello"},
                "sender": f"prefect.flow-run.{DONE_RUN}",
                "created_at": LATER,
            },
        },
    },
    "0004": {
        "schedules": {
            "daily": {
                "flow": "invoice",
                "name": "daily",
                "cron": "0 9 * * *",
                "timezone": "Europe/Berlin",
                "parameters": {},
                "catch_up": "last",
                "next_at": datetime(2124, 1, 1, tzinfo=UTC),
            },
        },
        "ticks": {"new": {"flow": "invoice", "schedule": "daily", "at": LATER, "run_id": NEW_RUN}},
    },
    "0005": {
        "flow_runs": {
            "new": {"crashes": 1, "crash_mark": 2},
        },
    },
    "0006": {
        "workers": {"dead": {"flows": ["invoice", "order"]}},
    },
    "0007": {},
    "0008": {
        "flow_runs": {
            "elsewhere": {
                "id": ELSEWHERE_RUN,
                "name": "quick-heron",
                "flow": "train",
                "parameters": {},
                "state": "Paused",
                "message": "",
                "created_at": THEN,
                "fencing_token": 0,
                "attempt": 1,
                "crashes": 0,
                "progress_at_crash": 0,
                "engine": "prefect",
                "external_id": "9d1b6f0e-6f0b-4c56-8a2e-1f0d1d2c3b4a",
                "requester": "U1",
                "requester_name": "Ana",
            },
        },
    },
    "0009": {
        "cards": {
            "posted": {"place_kind": "channel", "place_target": "#shirts"},
            "missing": {"place_kind": "channel", "place_target": ""},
            "rejected": {"place_kind": "person", "place_target": "U1"},
        },
        "notices": {"posted": {"place_kind": "person", "place_target": "U1"}},
    },
    "0010": {
        "prompts": {
            "on its way": {
                "id": ON_ITS_WAY,
                "run_id": ELSEWHERE_RUN,
                "key": "first",
                "title": "Go on?",
                "description": "",
                "schema_hash": "0" * 64,
                "fingerprint": "",
                "initial_values": {},
                "policy": {},
                "opened_at": THEN,
                "reminders_sent": 0,
                "outcome": "submitted",
                "settled_at": LATER,
                "settled_by": "U1",
                "settled_by_name": "Ana",
                "answer": {},
                "revision": 2,
            },
            "turned down": {
                "id": TURNED_DOWN,
                "run_id": ELSEWHERE_RUN,
                "key": "second",
                "title": "Go on?",
                "description": "",
                "schema_hash": "0" * 64,
                "fingerprint": "",
                "initial_values": {},
                "policy": {},
                "opened_at": THEN,
                "reminders_sent": 0,
                "outcome": "timed_out",
                "settled_at": LATER,
                "settled_by": "clock",
                "settled_by_name": "the clock",
                "revision": 3,
            },
        },
        "deliveries": {
            "on its way": {
                "prompt_id": ON_ITS_WAY,
                "engine": "prefect",
                "outcome": "submitted",
                "state": "pending",
                "words": "",
                "attempts": 3,
                "due_at": LATER,
                "claimed_by": DEAD_WORKER,
                "created_at": LATER,
                "error": "503 Service Unavailable",
            },
            "turned down": {
                "prompt_id": TURNED_DOWN,
                "engine": "prefect",
                "outcome": "timed_out",
                "state": "refused",
                "words": "Cannot resume a flow run that is not paused.",
                "attempts": 1,
                "created_at": LATER,
                "finished_at": LATER,
            },
        },
    },
    "0011": {
        "submissions": {
            "answer": {"verdict": "submit", "in_time": True},
            "rejection": {"verdict": "reject", "in_time": True},
            "too late": {
                "prompt_id": ANSWERED,
                "at": LATER + timedelta(minutes=1),
                "actor": "U2",
                "actor_name": "Ben",
                "via": "slack",
                "reason": "Not in large",
                "verdict": "reject",
                "in_time": False,
            },
        },
    },
    "0012": {"drafts": {"value": {"revision": 1}}},
    "0013": {
        "prompts": {
            "answered": {
                "settled_claim": "claimed on the command line by ben on host build-7",
                "approvers": [{"name": "@ana", "id": "U1"}],
            },
            "open": {"approvers_due_at": LATER},
        },
        "submissions": {"answer": {"claim": "claimed on the command line by ben on host build-7"}},
        "ledger": {
            "submitted": {
                "detail": {
                    "via": "slack",
                    "answer": {"size": "large"},
                    "name": "Ana",
                    "claim": "claimed on the command line by ben on host build-7",
                }
            }
        },
    },
    "0014": {
        "clocks": {"earlier": {"timeline": "an earlier start", "offset_us": 1_714_996_800_000_000}},
        "workers": {"dead": {"pid_started": "8412"}},
    },
    "0015": {"prompts": {"open": {"earlier": {"prompt_id": ANSWERED}}}},
    "0017": {"flow_runs": {"done": {"source": "shop: flows/order.py", "fingerprint": FINGERPRINT}}},
    "0020": {
        "flow_runs": {"done": {"journal_version": 2}},
        "steps": {"quote": {"arguments": '{"pieces": 3}'}},
    },
    "0021": {
        "prompts": {
            "open": {
                "reviewers": {"people": ["U1", "U2"], "requester": "U3"},
                "votes": [{"actor": "U1", "name": "Ana", "verdict": "submit", "via": "slack", "at": LATER.isoformat()}],
            },
        },
    },
    "0022": {"cards": {"missing": {"refusal": "channel_not_found"}}},
    "0026": {
        "prompts": {
            "open": {
                "assignee": "U1",
                "assignment": {"assignee": {"id": "U1", "name": "Ana"}, "since": LATER.isoformat(), "note": "Please"},
            },
        },
        "submissions": {"answer": {"instead_of": {"id": "U2", "name": "Ben"}}},
        "rotations": {"ana": {"rotation": "least loaded", "person": "U1", "turn": 3}},
        "absences": {"ana": {"person": "U1", "name": "Ana", "until": LATER, "cover": "U2", "cover_name": "Ben"}},
    },
    "0027": {
        "prompts": {
            "answered": {"repeat_key": "5" * 64},
            "open": {
                "ruling": {"rule": "below the limit", "then": "approve", "sampled": True},
                "comments": [{"actor": "U1", "name": "Ana", "at": LATER.isoformat(), "text": "Why?"}],
            },
        },
    },
    "0029": {"workers": {"dead": {"parameters": {"order": {"type": "object", "properties": {}}}}}},
    "0028": {
        "ledger": {
            "opened": {"number": 1, "hash": "bcaad2801c3a6859a9e77f847b57072fa09a52c58b0da12e5e362597fc149d8d"},
            "submitted": {"number": 2, "hash": "772301fb9191bb1e39c20545d6564e3bd489fa97c64c5f2113068cab3e98ef64"},
            "opened again": {"number": 1, "hash": "1d84a7e08c94d75f9da8801e75bea7b60d6d21afab1ed2a64fd293f8cf6e8e46"},
        },
        "ledger_heads": {
            "answered": {
                "prompt_id": ANSWERED,
                "number": 2,
                "hash": "772301fb9191bb1e39c20545d6564e3bd489fa97c64c5f2113068cab3e98ef64",
            },
            "open": {
                "prompt_id": OPEN,
                "number": 1,
                "hash": "1d84a7e08c94d75f9da8801e75bea7b60d6d21afab1ed2a64fd293f8cf6e8e46",
            },
            "rejected": {"prompt_id": REJECTED, "number": 0, "hash": ""},
            "on its way": {"prompt_id": ON_ITS_WAY, "number": 0, "hash": ""},
            "turned down": {"prompt_id": TURNED_DOWN, "number": 0, "hash": ""},
        },
        "cards": {"posted": {"shown_hash": "8367cd66fdd136bba8ba23f8805bb050dd6289401c8ec3b0be44a3c233eef90d"}},
        "attempts": {"ben": {"prompt_id": OPEN, "actor": "U2", "event": "refused", "times": 3}},
    },
    "0024": {
        "prompts": {
            # What is held back is decided, so the prompt that the tests answer has nothing of it.
            "open": {"overdue_at": LATER},
            "rejected": {
                "held": {
                    "vote": {
                        "actor": "U1",
                        "name": "Ana",
                        "verdict": "submit",
                        "via": "slack",
                        "at": LATER.isoformat(),
                    },
                    "until": LATER.isoformat(),
                },
            },
        },
    },
    "0023": {
        "prompts": {"open": {"escalations": 1, "snoozed": {"U1": LATER.isoformat()}}},
        "pings": {"reminded": {"prompt_id": REJECTED, "person": "U2", "at": LATER}},
    },
    "0025": {
        "prompts": {
            # Nobody counts twice over stages, so the prompt that the tests answer has passed none.
            "rejected": {
                "stages": [
                    {"name": "Tests", "at": LATER.isoformat(), "check": "run_tests"},
                    {
                        "name": "Peer",
                        "at": LATER.isoformat(),
                        "votes": [
                            {
                                "actor": "U1",
                                "name": "Ana",
                                "verdict": "submit",
                                "via": "slack",
                                "at": LATER.isoformat(),
                                "stage": "Peer",
                            }
                        ],
                        "values": {"color": "red"},
                    },
                ]
            },
        },
        "submissions": {"answer": {"stage": "Peer"}},
    },
}

RENAMED: dict[str, dict[str, dict[str, str]]] = {
    "0007": {
        "flow_runs": {"fence": "fencing_token", "crash_mark": "progress_at_crash"},
        "prompts": {"initial": "initial_values"},
        "cards": {"shown": "shown_revision", "taken_by": "claimed_by"},
        "notices": {"taken_by": "claimed_by"},
    },
}
"""The columns that a revision renames: by table, the new name of each old one."""


def rows_at(revision: str, *, named_as_in: str | None = None) -> Rows:
    """Every row of a database of this revision.

    Args:
        named_as_in: The revision whose column names the rows get; `None` for their own.
    """
    rows: Rows = {}
    # Their order is not that of their numbers.
    order = {each: position for position, each in enumerate(REVISIONS)}
    for each in sorted(ADDED, key=order.__getitem__):
        if order[each] <= order[revision]:
            for table, named in ADDED[each].items():
                for name, values in named.items():
                    row = rows.setdefault(table, {}).setdefault(name, {})
                    row.update(values)
        if order[each] <= order[named_as_in or revision]:
            for table, renamed in RENAMED.get(each, {}).items():
                for name, row in rows.get(table, {}).items():
                    rows[table][name] = {renamed.get(column, column): value for column, value in row.items()}
    return rows
