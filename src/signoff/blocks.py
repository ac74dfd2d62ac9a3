"""Blocks: named JSON documents kept in the database."""

from signoff.flows.blocks import JSON

__all__ = ["JSON"]
