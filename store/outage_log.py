"""Logging for loops that retry until something is available again."""

import logging

from signoff.store.errors import StoreError


class OutageLog:
    """Logs the first failure of an outage. The failures that follow are silent until something has worked again.

    A loop that retries every second would otherwise fill the log while a database or a network is down.

    Args:
        message: What fails: `Could not claim runs`. That it is retried, and the error, are added to it.
        level: How severe an outage is.
        recovered: Logged when the outage is over; nothing is logged where it is `None`.
        each_reason: Whether a failure for another reason than the one before is logged, too.
    """

    def __init__(
        self,
        logger: logging.Logger,
        message: str,
        *,
        level: int = logging.ERROR,
        recovered: str | None = None,
        each_reason: bool = False,
    ) -> None:
        self._logger = logger
        self._message = message
        self._level = level
        self._recovered = recovered
        self._each_reason = each_reason
        self._reason: str | None = None

    def failed(self, error: BaseException | str) -> None:
        """Note a failure. Errors other than those of the database are logged with their traceback."""
        reason = str(error) or type(error).__name__
        if self._reason is None or (self._each_reason and reason != self._reason):
            details = error if isinstance(error, BaseException) and not isinstance(error, StoreError) else None
            self._logger.log(self._level, "%s; retrying: %s", self._message, reason, exc_info=details)
        self._reason = reason

    def worked(self) -> None:
        """Note a success, which ends an outage."""
        if self._reason is not None and self._recovered is not None:
            self._logger.info("%s", self._recovered)
        self._reason = None
