"""What a run leaves behind for people to look at, as Prefect's artifacts."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from signoff.flows.current_database import current_database
from signoff.flows.durable.context import current_hook_context, current_run_context
from signoff.flows.durable.serialization import to_display_json
from signoff.flows.names import new_id, now
from signoff.store import artifacts


def create_table_artifact(
    table: Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]] | Sequence[Sequence[Any]],
    key: str | None = None,
    description: str | None = None,
) -> str:
    """Keep a table: columns by name, a list of rows by name, or a list of rows.

    Args:
        key: Names a series of artifacts.
        description: What it shows, as Markdown.

    Returns:
        The artifact's id: the same when the run is replayed.
    """
    return _create("table", to_display_json(table), key, description)


def create_markdown_artifact(markdown: str, key: str | None = None, description: str | None = None) -> str:
    """Keep a text as Markdown. The arguments and the result are those of `create_table_artifact`."""
    return _create("markdown", markdown, key, description)


def create_link_artifact(
    link: str, link_text: str | None = None, key: str | None = None, description: str | None = None
) -> str:
    """Keep a link. The other arguments and the result are those of `create_table_artifact`.

    Args:
        link: Where it leads.
        link_text: What is shown in its place.
    """
    return _create("link", {"link": link, "text": link_text or link}, key, description)


def _create(type_: str, data: Any, key: str | None, description: str | None) -> str:
    context = current_run_context()
    standing = context or current_hook_context()
    artifact_id = new_id()
    if context is not None:
        # Named like a step, so that a replay, which comes here again, makes no second one.
        name = context.journal.next_key(context.scope, f"{type_}-artifact")
        artifact_id = str(uuid.uuid5(uuid.UUID(context.run.id), name))
    artifact = artifacts.Artifact(
        id=artifact_id,
        run_id=None if standing is None else standing.run.id,
        key=key,
        type=type_,
        description=description,
        data=data,
        created_at=now(),
    )
    if context is None:
        artifacts.create(current_database(), artifact)
    else:
        context.journal.write(lambda token: artifacts.create(context.db, artifact, fencing_token=token))
    return artifact_id
