"""Block Kit: which blocks Slack accepts, and how to find the elements in them."""
