"""The version of a flow under which the journals beside this file were recorded."""

from dataclasses import dataclass
from typing import Any

from signoff import RunInput, flow, suspend_flow_run, task

EFFECTS: list[str] = []


@dataclass
class Package:
    name: str
    size: int


class Approval(RunInput):
    """May it go out?"""

    ok: bool


@task
def fetch(version: str) -> Any:
    EFFECTS.append("fetch")
    return {"version": version, "files": [1, 2]}


@task
def build(version: str, target: str = "linux") -> Any:
    EFFECTS.append("build")
    return Package(f"{version} for {target}", 3)


@task
def announce(where: str) -> None:
    EFFECTS.append("announce")
    raise ValueError(f"nobody listens in {where}")


@task
def price(item: str) -> int:
    EFFECTS.append("price")
    return len(item)


@task
def scan(depth: int) -> int:
    EFFECTS.append("scan")
    return depth


@task
def deploy(what: str) -> str:
    EFFECTS.append("deploy")
    return f"deployed {what}"


@flow
def checks(depth: int) -> int:
    found = scan(depth)
    return found + suspend_flow_run(wait_for_input=int)


@flow
def release() -> Any:
    fetched = fetch("1.0")
    package = build(fetched["version"])
    prices = price.map(["tea", "milk"]).result()
    try:
        announce("#releases")
    except ValueError:
        prices.append(0)
    checked = checks(2)
    if suspend_flow_run(wait_for_input=Approval, key="ship").ok:
        return [deploy(package.name), sum(prices), checked]
    return "kept"
