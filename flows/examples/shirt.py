"""A shirt, ordered by a person: asked until the answer fits, or until the deadline."""

from datetime import timedelta
from typing import Literal

from pydantic import ValidationInfo, field_validator

from signoff import FlowPauseTimeout, Policy, RunInput, flow, pause_flow_run, task

ORDERS = Policy(
    channel="#orders",
    approvers=["@ana", "@chloe"],
    deadline=timedelta(minutes=10),
    reminders=[timedelta(minutes=1)],
)


class ShirtOrder(RunInput):
    """Which shirt to order."""

    size: Literal["small", "medium", "large", "xlarge"]
    color: Literal["red", "green", "black"]

    @field_validator("color")
    @classmethod
    def _is_made(cls, color: str, others: ValidationInfo) -> str:
        if (others.data.get("size"), color) == ("xlarge", "green"):
            raise ValueError("Green shirts are not made in xlarge. Take another color or another size.")
        return color


@task
def place_order(size: str, color: str) -> str:
    """Order the shirt; what comes back is the order's number."""
    print(f"Ordering a {color} shirt, {size}")
    return f"A-{size[0].upper()}{color[0].upper()}-1001"


@flow(name="shirt-order", log_prints=True)
def shirt_order() -> str:
    """Ask which shirt, and order it."""
    try:
        order = pause_flow_run(
            wait_for_input=ShirtOrder.with_initial_data(
                description="The conference shirts are ordered today. Which one would you like?",
                size="xlarge",
            ),
            policy=ORDERS,
        )
    except FlowPauseTimeout:
        return "No shirt was ordered: nobody chose one in time."
    number = place_order(order.size, order.color)
    return f"Ordered a {order.color} shirt, {order.size}: {number}."
