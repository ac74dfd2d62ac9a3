"""Schedules for flows: `@flow(schedule=Cron(...))`."""

from signoff.flows.schedules import CatchUp, Cron

__all__ = ["CatchUp", "Cron"]
