"""What a flow can ask about the run it belongs to, under the names of `prefect.runtime`."""

from signoff.flows.runtime import flow_run

__all__ = ["flow_run"]
