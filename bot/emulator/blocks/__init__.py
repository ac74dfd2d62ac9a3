"""Block Kit: what Slack accepts, and what it finds in it."""
