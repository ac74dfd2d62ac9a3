"""A Slack workspace on localhost, for the first run, for the tests, and for users' own tests.

An unmodified Bolt app talks to it through `SLACK_API_URL`; a test or the page acts as a person through its control API.
"""
