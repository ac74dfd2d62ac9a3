"""The states of a flow run, under the names of `prefect.states`."""

from signoff.flows.states import State, StateDetails, StateType, flow_run_state

__all__ = ["State", "StateDetails", "StateType", "flow_run_state"]
