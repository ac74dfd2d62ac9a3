"""Artifacts that a run leaves for people to read, under the names of `prefect.artifacts`."""

from signoff.flows.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact

__all__ = ["create_link_artifact", "create_markdown_artifact", "create_table_artifact"]
