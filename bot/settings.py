"""What the environment, or a `.env` in the working directory, says about Slack."""

import logging
from enum import StrEnum
from typing import Any, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator

from signoff.flows.settings import DatabaseSettings

logger = logging.getLogger(__name__)


class BadSettings(Exception):
    """A setting is missing or cannot be right. The message names it and says what to do."""


class Mode(StrEnum):
    """How Slack reaches the bot."""

    SOCKET = "Socket Mode"
    HTTP = "signed HTTP"


class Settings(DatabaseSettings):
    """Everything that `signoff serve` and `signoff bot` need to know."""

    slack_bot_token: SecretStr | None = Field(default=None, validation_alias="SLACK_BOT_TOKEN")
    """The bot's token, `xoxb-…`."""

    slack_app_token: SecretStr | None = Field(default=None, validation_alias="SLACK_APP_TOKEN")
    """The app-level token, `xapp-…`. With it the bot uses Socket Mode and needs no public address."""

    slack_signing_secret: SecretStr | None = Field(default=None, validation_alias="SLACK_SIGNING_SECRET")
    """What Slack signs its requests with; needed without an app token."""

    slack_api_url: str = Field(default="https://slack.com/api/", validation_alias="SLACK_API_URL")
    """Where Slack's Web API is."""

    host: str = Field(default="127.0.0.1", validation_alias="SIGNOFF_HOST")
    """The address that signed HTTP listens on."""

    port: int = Field(default=3000, ge=0, le=65535, validation_alias="SIGNOFF_PORT")
    """The port that signed HTTP listens on; Slack posts to `/slack/events` there."""

    concurrency: int = Field(default=32, ge=1, validation_alias="SIGNOFF_CONCURRENCY")
    """How many runs may be running at once."""

    max_in_memory: int = Field(default=1000, ge=1, validation_alias="SIGNOFF_MAX_IN_MEMORY")
    """How many runs may be in memory, paused ones included."""

    max_held: int | None = Field(default=None, ge=1, validation_alias="SIGNOFF_MAX_HELD", exclude=True)
    """What `max_in_memory` was called in earlier versions."""

    grace: float = Field(default=10.0, ge=0, validation_alias="SIGNOFF_GRACE")
    """Seconds that running steps may go on at the end."""

    @model_validator(mode="after")
    def _read_old_names(self) -> Self:
        if self.max_held is not None:
            logger.warning("SIGNOFF_MAX_HELD is now called SIGNOFF_MAX_IN_MEMORY; the old name will stop working.")
            if "max_in_memory" not in self.model_fields_set:
                self.max_in_memory = self.max_held
        return self

    @field_validator("slack_bot_token", "slack_app_token", "slack_signing_secret", mode="before")
    @classmethod
    def _empty_is_missing(cls, value: object) -> object:
        return value or None

    @field_validator("slack_api_url")
    @classmethod
    def _ends_in_slash(cls, value: str) -> str:
        return value if value.endswith("/") else f"{value}/"

    @property
    def mode(self) -> Mode:
        """Socket Mode where there is an app token, signed HTTP otherwise."""
        return Mode.HTTP if self.slack_app_token is None else Mode.SOCKET

    def bot_token(self) -> str:
        """The bot's token.

        Raises:
            BadSettings: If it is missing or is another kind of token.
        """
        return _token(
            self.slack_bot_token,
            "SLACK_BOT_TOKEN",
            "xoxb-",
            "Install the app to your workspace, and copy the Bot User OAuth Token",
        )

    def app_token(self) -> str:
        """The app-level token.

        Raises:
            BadSettings: If it is missing or is another kind of token.
        """
        return _token(
            self.slack_app_token, "SLACK_APP_TOKEN", "xapp-", "Make an app-level token with connections:write"
        )

    def signing_secret(self) -> str:
        """The signing secret.

        Raises:
            BadSettings: If it is missing.
        """
        if self.slack_signing_secret is None:
            raise BadSettings(
                "Neither SLACK_APP_TOKEN (for Socket Mode) nor SLACK_SIGNING_SECRET (for signed HTTP) is set. "
                "Set one of them."
            )
        return self.slack_signing_secret.get_secret_value()


def load_settings(**given: Any) -> Settings:
    """The settings of this environment, but for what is given and not `None`.

    Raises:
        BadSettings: If one of them cannot be right.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "A setting"
        raise BadSettings(f"{name}: {first['msg']}.") from None


def _token(value: SecretStr | None, name: str, prefix: str, where: str) -> str:
    if value is None:
        raise BadSettings(f"{name} is not set. {where}, and set it to that ({prefix}…).")
    token = value.get_secret_value()
    if not token.startswith(prefix):
        raise BadSettings(f"{name} is another kind of token: it has to begin with {prefix}. {where}.")
    return token
