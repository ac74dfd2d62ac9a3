"""Small flows that hypothesis writes, run with kills, replays and edits, and compared with what they mean in Python."""
