"""A release that goes out when one of two people says so, and says why when it does not."""

from datetime import timedelta

from pydantic import Field, ValidationInfo, field_validator

from signoff import Policy, RunInput, flow, suspend_flow_run, task

RELEASES = Policy(
    channel="#releases",
    approvers=["@ana", "@ben"],
    deadline=timedelta(days=1),
    reminders=[timedelta(minutes=1), timedelta(hours=4)],
)


class ReleaseApproval(RunInput):
    """Whether the release may go out."""

    approved: bool
    reason: str = Field(default="", validate_default=True, description="Needed if it is not approved")

    @field_validator("reason")
    @classmethod
    def _say_why_not(cls, reason: str, others: ValidationInfo) -> str:
        if others.data.get("approved") is False and not reason.strip():
            raise ValueError("Say what has to change before it can go out.")
        return reason


@task
def collect_changes(version: str) -> list[str]:
    """What is new since the last release."""
    return [
        f"the checkout of {version} remembers the last address",
        "search finds what is spelled almost right",
        "prices load in half the time",
    ]


@task
def run_checks(version: str) -> dict[str, str]:
    """Each check and how it went."""
    print(f"Checking {version}")
    return {"unit tests": "1,204 passed", "load test": "p99 of 84 ms", "known bugs": "none"}


@task
def deploy(version: str) -> str:
    """Put the release where customers see it."""
    print(f"Deploying {version}")
    return f"https://shop.example.com/releases/{version}"


@flow(name="release-approval", log_prints=True)
def release_approval(version: str = "1.4.0") -> str:
    """Check a release, ask whether it may go out, and deploy it if it may."""
    changes = collect_changes(version)
    checks = run_checks(version)
    decision = suspend_flow_run(
        wait_for_input=ReleaseApproval.with_initial_data(description=summary(version, changes, checks)),
        policy=RELEASES,
    )
    if not decision.approved:
        return f"{version} was held back: {decision.reason}"
    return f"{version} is out: {deploy(version)}"


def summary(version: str, changes: list[str], checks: dict[str, str]) -> str:
    """What the card says, as Markdown."""
    news = "\n".join(f"- {change}" for change in changes)
    results = "\n".join(f"- {name}: {result}" for name, result in checks.items())
    return f"Release **{version}** to production?\n\n**New**\n{news}\n\n**Checks**\n{results}"
