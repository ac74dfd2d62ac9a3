"""Engines that a test installs: a module and its entry point in a folder on `sys.path`."""

from pathlib import Path
from textwrap import dedent

ENGINE = dedent(
    """
    import threading

    from signoff.flows.engine import Accepted

    calls = []
    is_called = threading.Event()
    is_stopped = threading.Event()

    class TestEngine:
        name = {name!r}

        def __init__(self):
            calls.append("made")

        def start(self, reports):
            calls.append("started")

        def stop(self):
            calls.append("stopped")
            is_stopped.set()

        def deliver(self, delivery):
            is_called.set()
            calls.append("stopped during a delivery" if is_stopped.wait(0.2) else "delivered")
            return Accepted()

        cancel = deliver

        def link(self, external_run_id):
            return None

        def check(self):
            return ()
    """
)


def install(folder: Path, name: str, *, module: str, package: str, code: str = "") -> None:
    """Install an engine.

    Args:
        folder: Has to be on `sys.path`.
        name: The name of the engine.
        module: Where its class is, beside `calls`: what was called.
        package: What is installed.
        code: Added to the module.
    """
    (folder / f"{module}.py").write_text(ENGINE.format(name=name) + dedent(code))
    metadata = folder / f"{package}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[signoff.engines]\n{name} = {module}:TestEngine\n")
