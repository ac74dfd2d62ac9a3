"""The demo of one's own files: the workspace gets what they name."""

from pathlib import Path

from signoff.bot.connection.web_client import web_client
from signoff.bot.demo import add_named
from signoff.testing import Emulator


def test_what_a_file_names_is_added_beside_the_messages_of_an_earlier_demo(slack: Emulator, tmp_path: Path) -> None:
    """Among them may be direct messages, which have no name."""
    app = web_client(slack.bot_token, slack.api_url)
    app.chat_postMessage(channel=slack.person("ana").id, text="Are you there?")
    file = tmp_path / "mine.py"
    file.write_text('WHERE, WHO = "#board", "@chair"\n', encoding="utf-8")
    add_named(slack, file)
    workspace = slack.client.get("workspace")
    assert "board" in [each.get("name") for each in workspace["channels"]]
    assert "chair" in [each["name"] for each in workspace["people"]]
