"""A flow that asks about each host. What differs in each execution comes from `WORLD`, beside the flow's code."""

from typing import Any

from signoff import flow, suspend_flow_run, task

EFFECTS: list[str] = []

WORLD: dict[str, Any] = {
    "hosts": ["alpha", "beta"],
    "keys": {},
    "note": "Now: 2026-01-01 00:00:00.250000+00:00",
    "folder": "/tmp/a",
    "checks": ["disk", "load"],
}


@task
def fetch(folder: str) -> str:
    EFFECTS.append(f"fetch {folder}")
    return folder


@task
def check(what: str) -> str:
    EFFECTS.append(f"check {what}")
    return f"{what} is fine"


@task
def deploy(host: str) -> str:
    EFFECTS.append(f"deploy {host}")
    return f"deployed {host}"


@flow
def rollout() -> Any:
    done = [fetch(WORLD["folder"]), *[check(what) for what in WORLD["checks"]]]
    for number, host in enumerate(WORLD["hosts"]):
        text = f"Deploy to {host}?\n\n{WORLD['note']}"
        if suspend_flow_run(bool, key=WORLD["keys"].get(number), description=text):
            done.append(deploy(host))
    return done
