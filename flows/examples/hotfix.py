"""A hotfix that two people have to agree to, and a third one is asked if they do not."""

from datetime import timedelta

from signoff import Escalation, Policy, flow, suspend_flow_run, task

HOTFIXES = Policy(
    channel="#releases",
    approvers=["@ana", "@ben", "@mei"],
    quorum=2,
    requester_may_answer=False,
    reminders=[timedelta(minutes=1)],
    escalation=[Escalation(after=timedelta(minutes=2), to=["@dmitri"])],
    deadline=timedelta(days=1),
)


@task
def release(version: str) -> str:
    """Put the hotfix where customers see it."""
    print(f"Releasing {version}")
    return f"https://shop.example.com/releases/{version}"


@flow(name="hotfix", log_prints=True)
def hotfix(version: str = "1.4.1") -> str:
    """Ask two people whether a hotfix may go out without the usual checks."""
    may_go_out = suspend_flow_run(
        bool,
        description=f"Release the hotfix **{version}** without the load test?\n\nThe checkout rejects foreign cards.",
        policy=HOTFIXES,
    )
    return f"{version} is out: {release(version)}" if may_go_out else f"{version} waits for the load test."
