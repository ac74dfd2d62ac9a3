"""What can go wrong with the record.

```
StoreError
├── DatabaseUnavailable   cannot be opened, reached or written
│   └── CommitInDoubt     it went away at a commit: what was written may stand or not
├── DatabaseOutdated      its tables are older, or newer, than this Signoff
├── NoSuchRun             no run has that id, or several do
├── NoSuchPrompt          no prompt has that id, or several do
├── UnreadablePolicy      this version cannot read the prompt's policy
├── RunFinished           the run is over already
├── RunNotFailed          the run has nothing to be retried for
└── LeaseLost             another worker holds the run now, or it was cancelled
```
"""


class StoreError(Exception):
    """The record refused."""


class DatabaseUnavailable(StoreError):
    """The database cannot be opened, reached or written."""


class CommitInDoubt(DatabaseUnavailable):
    """The database went away while it committed: what was to be written may stand or not."""


class DatabaseOutdated(StoreError):
    """The tables are older, or newer, than this Signoff expects."""


class NoSuchRun(StoreError):
    """No run has that id, or more than one begins with it."""


class NoSuchPrompt(StoreError):
    """No prompt has that id, or more than one begins with it."""


class UnreadablePolicy(StoreError):
    """This version cannot read the policy of a prompt, so nothing that the policy rules can be decided here."""


class RunFinished(StoreError):
    """The run is over already."""


class RunNotFailed(StoreError):
    """The run has not failed, so it cannot be retried."""


class LeaseLost(StoreError):
    """Another worker holds the run now, or it was cancelled: nothing more may be recorded for it."""
