"""Artifacts that a run leaves for people to read, as in `prefect.artifacts`."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from signoff.flows.current_database import current_database
from signoff.flows.durable.context import current_hook_context, current_run_context
from signoff.flows.durable.values.serialization import to_display_json
from signoff.flows.names import new_id, now
from signoff.store import artifacts


def create_table_artifact(
    table: Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]] | Sequence[Sequence[Any]],
    key: str | None = None,
    description: str | None = None,
) -> str:
    """Store a table.

    Args:
        table: Columns by name, a list of rows by column name, or a list of rows.
        key: The name of a series of artifacts.
        description: What the table shows, as Markdown.

    Returns:
        The artifact's id, which is the same in a replay.
    """
    return _create("table", to_display_json(table), key, description)


def create_markdown_artifact(markdown: str, key: str | None = None, description: str | None = None) -> str:
    """Store a Markdown text. The other arguments and the result are those of `create_table_artifact`."""
    return _create("markdown", markdown, key, description)


def create_link_artifact(
    link: str, link_text: str | None = None, key: str | None = None, description: str | None = None
) -> str:
    """Store a link. The other arguments and the result are those of `create_table_artifact`.

    Args:
        link: The URL.
        link_text: The text to show instead of the URL.
    """
    return _create("link", {"link": link, "text": link_text or link}, key, description)


def _create(type_: str, data: Any, key: str | None, description: str | None) -> str:
    context = current_run_context()
    origin = context or current_hook_context()
    artifact_id = new_id()
    if context is not None:
        # The id is derived from a key like that of a step, so that a replay does not create a second artifact.
        name = context.journal.next_key(context.scope, f"{type_}-artifact")
        artifact_id = str(uuid.uuid5(uuid.UUID(context.run.id), name))
    artifact = artifacts.Artifact(
        id=artifact_id,
        run_id=None if origin is None else origin.run.id,
        key=key,
        type=type_,
        description=description,
        data=data,
        created_at=now(),
    )
    if context is None:
        artifacts.create(current_database(), artifact)
    else:
        context.journal.note_begun(context.scope)
        context.journal.write(lambda token: artifacts.create(context.db, artifact, fencing_token=token))
    return artifact_id
