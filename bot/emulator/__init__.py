"""A Slack workspace on localhost, for the demo, for this project's tests and for users' tests.

An unmodified Bolt app connects to it through `SLACK_API_URL`. Tests and the page act as people through the control API.
"""
