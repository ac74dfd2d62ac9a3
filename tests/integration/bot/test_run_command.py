"""`/approvals run`, with which somebody who tries Signoff starts another run from Slack."""

from signoff import flow
from signoff.bot.interactions.commands import Invocation
from signoff.bot.run_command import run_command
from signoff.flows.examples import shirt
from signoff.store.database import Database
from signoff.store.records.actors import Actor
from signoff.store.runs import runs

ANA = Actor("U0ANARUIZ1", "Ana Ruiz")


@flow(name="order")
def order(color: str, count: int = 1) -> str:
    """A flow that needs a parameter."""
    return f"{count} {color}"


def typed(db: Database, argument: str) -> str:
    """The response to the command."""
    command = run_command(db, [shirt.shirt_order, order])
    return command.run(Invocation(ANA, "C0ORDERS01", argument)).text


def test_a_run_is_started_for_the_person_who_typed(db: Database) -> None:
    """With the parameters that follow. The flow's name may be typed in any case."""
    assert typed(db, "Shirt-Order").startswith("Started *shirt-order* as ")
    assert typed(db, 'order color="dark red" count=3').startswith("Started *order* as ")
    newest, before = runs.newest(db, limit=10)
    assert (newest.flow, newest.parameters) == ("order", {"color": "dark red", "count": 3})
    assert before.requester == newest.requester == ANA


def test_what_cannot_be_started_is_explained(db: Database) -> None:
    """Without a name, and with a wrong one, the flows are listed. What was typed mentions nobody."""
    assert typed(db, "") == "Which flow?\n• `/approvals run shirt-order`\n• `/approvals run order`"
    assert typed(db, "<!channel>").startswith("There is no flow `&lt;!channel&gt;`.\n• `/approvals run shirt-order`")
    assert typed(db, "order").startswith("Invalid parameters for order: color: Field required.")
    assert typed(db, "order red") == "A parameter is written as name=value, not `red`."
    assert typed(db, "order color='red") == "A quotation mark is missing."
    assert runs.newest(db, limit=10) == []
