"""A data set made with a person in the loop: how many users, which columns, and whether to publish it."""

import random

from pydantic import Field

from signoff import Policy, RunInput, flow, pause_flow_run, task
from signoff.artifacts import create_table_artifact

Row = dict[str, str | int]

DATA = Policy(channel="#data")


class DataSetSize(RunInput):
    """How large the data set is to be."""

    users: int = Field(ge=1, le=500, title="Users", description="How many users to draw, 500 at most")


class PublishDataSet(RunInput):
    """Whether to keep the data set as a table that everybody can see."""

    publish: bool


class Columns(RunInput):
    """Which columns are left out."""

    drop: list[str] = Field(title="Drop")


@task
def draw_users(count: int) -> list[Row]:
    """Made-up users, the same ones each time."""
    dice = random.Random(count)
    names = ["Ada", "Bao", "Carla", "Dimitri", "Efua", "Farid", "Greta", "Hiro"]
    cities = ["Accra", "Bergen", "Kyoto", "Lima", "Porto"]
    rows: list[Row] = []
    for number in range(1, count + 1):
        name = dice.choice(names)
        email = f"{name.lower()}.{number}@example.com"
        rows.append(
            {"id": number, "name": name, "email": email, "city": dice.choice(cities), "orders": dice.randint(0, 40)}
        )
    return rows


@task
def drop_columns(rows: list[Row], columns: list[str]) -> list[Row]:
    """The rows without those columns."""
    return [{name: value for name, value in row.items() if name not in columns} for row in rows]


@flow(name="build-dataset", log_prints=True)
def build_dataset(users: int = 25) -> str:
    """Draw users, drop columns, and publish what is left, each as a person says."""
    size = pause_flow_run(
        wait_for_input=DataSetSize.with_initial_data(
            description="How many users should the data set have?", users=users
        ),
        timeout=None,
        key="size",
        policy=DATA,
    )
    rows = draw_users(size.users)
    print(f"Drew {len(rows)} users")

    cleaning = pause_flow_run(
        # Which columns there are is known only now. The first one stays.
        wait_for_input=Columns.with_choices(drop=list(rows[0])[1:]).with_initial_data(
            description=f"Which columns are to go?\n\n{as_markdown(rows[:3])}", drop=["email"]
        ),
        timeout=None,
        key="columns",
        policy=DATA,
    )
    rows = drop_columns(rows, cleaning.drop)

    decision = pause_flow_run(
        wait_for_input=PublishDataSet.with_initial_data(
            description=f"The data set has {len(rows)} rows. Shall it be published?\n\n{as_markdown(rows[:3])}"
        ),
        timeout=None,
        key="publish",
        policy=DATA,
    )
    if not decision.publish:
        return f"A data set of {len(rows)} users, not published."
    create_table_artifact(rows, key="users", description=f"{len(rows)} users")
    return f"A data set of {len(rows)} users, published as the table “users”."


def as_markdown(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    columns = list(rows[0])
    lines = [columns, ["---"] * len(columns), *([str(row[column]) for column in columns] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
