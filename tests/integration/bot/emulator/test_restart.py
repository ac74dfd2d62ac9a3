"""The workspace's file: what was posted survives a restart, however the process ended."""

import signal
import subprocess
import sys
from pathlib import Path

from slack_sdk import WebClient

from signoff.testing import Emulator
from tests.support.ports import reserved_port

POST_AND_WAIT = """
import sys, time
from pathlib import Path
from slack_sdk import WebClient
from signoff.testing import Emulator

slack = Emulator(path=Path(sys.argv[1])).start()
client = WebClient(slack.bot_token, base_url=slack.api_url)
metadata = {"event_type": "prompt", "event_payload": {"prompt_id": "p1"}}
parent = client.chat_postMessage(channel="#data", text="Before", metadata=metadata)
client.chat_postMessage(channel="#data", text="Reply", thread_ts=parent["ts"])
client.chat_postMessage(channel="U0MEITANA1", text="Direct")
client.chat_update(channel=parent["channel"], ts=parent["ts"], text="After")
print("posted", flush=True)
time.sleep(60)
"""


def test_messages_survive_a_kill(tmp_path: Path) -> None:
    """What an answered call has posted is there after `kill -9`, and the app finds it by its metadata."""
    file = tmp_path / "workspace.db"
    with subprocess.Popen([sys.executable, "-c", POST_AND_WAIT, str(file)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"posted\n"
        process.send_signal(signal.SIGKILL)

    with Emulator(path=file) as slack:
        mei = slack.person("mei")
        assert [message.text for message in mei.sees("#data")] == ["After", "Reply"]
        assert [message.text for message in mei.sees("@signoff")] == ["Direct"]
        client = WebClient(slack.bot_token, base_url=slack.api_url)
        [found] = client.conversations_history(channel="C0DATASET1", include_all_metadata=True)["messages"]
        assert found["metadata"]["event_payload"] == {"prompt_id": "p1"}
        client.chat_update(channel="C0DATASET1", ts=found["ts"], text="And on")
        assert mei.sees("#data")[0].text == "And on"


def test_a_port_is_free_again_after_the_end() -> None:
    """A workspace can be started again at its old address."""
    with reserved_port() as port:
        with Emulator(port) as first:
            assert first.url.endswith(f":{port}")
        with Emulator(port) as second:
            assert second.url == first.url
            assert second.client.get("workspace")["app"]["name"] == "Signoff"
