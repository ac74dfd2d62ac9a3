"""What can go wrong with the database.

```
StoreError
├── DatabaseUnavailable   cannot be opened, reached or written
│   ├── CommitInDoubt     its connection was lost during a commit, which may or may not have succeeded
│   ├── DatabaseReplaced  another one has taken its place while this process was using it
│   └── TransactionConflict  it has aborted a transaction in favour of others, which are done now
├── ForkedProcess         it was opened by the process that this one was forked from
├── DatabaseOutdated      its tables are older, or newer, than this version of Signoff expects
├── NoSuchRun             no run has that id, or several begin with it
├── NoSuchPrompt          no prompt has that id, or several begin with it
├── UnreadablePolicy      this version cannot read the prompt's policy
├── RunElsewhere          only the engine that runs the run can do that
├── RunFinished           the run is over already
├── RunNotFailed          the run has not failed, so it cannot be retried
└── LeaseLost             another worker holds the run now, or it was cancelled
```
"""


class StoreError(Exception):
    """The database is not usable, or a request does not fit what it contains."""


class DatabaseUnavailable(StoreError):
    """The database cannot be opened, reached or written."""


class CommitInDoubt(DatabaseUnavailable):
    """The connection was lost during a commit, so it is unknown whether the change was saved."""


class DatabaseReplaced(DatabaseUnavailable):
    """The database was deleted, moved or replaced while this process was using it, so nothing more is recorded."""


class TransactionConflict(DatabaseUnavailable):
    """The database has aborted the transaction in favour of others, because of a deadlock. It can be done again now."""


class ForkedProcess(StoreError):
    """This process was forked from the one that opened the database, and two processes cannot share a connection."""


class DatabaseOutdated(StoreError):
    """The tables are older, or newer, than this version of Signoff expects."""


class NoSuchRun(StoreError):
    """No run has that id, or more than one begins with it."""


class NoSuchPrompt(StoreError):
    """No prompt has that id, or more than one begins with it."""


class UnreadablePolicy(StoreError):
    """This version cannot read the policy of a prompt, so nothing that the policy rules can be decided here."""


class RunElsewhere(StoreError):
    """Another engine runs the run, and only that engine can do this."""


class RunFinished(StoreError):
    """The run is over already."""


class RunNotFailed(StoreError):
    """The run has not failed, so it cannot be retried."""


class LeaseLost(StoreError):
    """Another worker holds the run now, or it was cancelled, so this worker may record nothing more for it."""
