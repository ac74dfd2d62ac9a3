"""Settings, from the environment or a `.env` file in the working directory."""

import logging
import re
import threading
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import NoDecode

from signoff.bot.grants import EVERYONE, checked
from signoff.flows.errors import BadSettings
from signoff.flows.settings import MAX_NUMBER, DatabaseSettings, load, split
from signoff.store.redaction import remember_secret

logger = logging.getLogger(__name__)

_TOKEN = re.compile(r"[A-Za-z0-9._-]+")

_SECRET = re.compile(r"[!#-&(-~]+")
"""Printable ASCII without spaces and quotation marks. Slack's are hexadecimal, but it does not document that."""

MAX_PORT = 65535

_API_URL = re.compile(
    r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?(?:/[A-Za-z0-9._~%/-]*)?"
)

MAX_SECONDS = threading.TIMEOUT_MAX
"""The longest time that can be waited for. Infinity is none."""

_HOW_TO_COPY = "Copy the Signing Secret under Basic Information, and set SLACK_SIGNING_SECRET to it"


class Mode(StrEnum):
    """How Slack reaches the bot."""

    SOCKET = "Socket Mode"
    HTTP = "signed HTTP"


class Settings(DatabaseSettings):
    """The settings of `signoff serve`, `signoff bot` and `signoff worker`."""

    slack_bot_token: SecretStr | None = Field(default=None, validation_alias="SLACK_BOT_TOKEN")
    """The bot token, `xoxb-…`."""

    slack_app_token: SecretStr | None = Field(default=None, validation_alias="SLACK_APP_TOKEN")
    """The app-level token, `xapp-…`. With it, the bot uses Socket Mode and needs no public address."""

    slack_signing_secret: SecretStr | None = Field(default=None, validation_alias="SLACK_SIGNING_SECRET")
    """The secret with which Slack signs its requests. Required without an app-level token."""

    slack_api_url: str = Field(default="https://slack.com/api/", validation_alias="SLACK_API_URL")
    """The URL of Slack's Web API."""

    host: str = Field(default="127.0.0.1", validation_alias="SIGNOFF_HOST")
    """The address that signed HTTP listens on."""

    port: int = Field(default=3000, ge=0, le=MAX_PORT, validation_alias="SIGNOFF_PORT")
    """The port that signed HTTP listens on. Slack posts to `/slack/events`."""

    concurrency: int = Field(default=32, ge=1, le=MAX_NUMBER, validation_alias="SIGNOFF_CONCURRENCY")
    """How many runs may be running at once."""

    max_in_memory: int = Field(default=1000, ge=1, le=MAX_NUMBER, validation_alias="SIGNOFF_MAX_IN_MEMORY")
    """How many runs may be in memory, including paused ones."""

    max_held: int | None = Field(default=None, ge=1, le=MAX_NUMBER, validation_alias="SIGNOFF_MAX_HELD", exclude=True)
    """The name of `max_in_memory` in earlier versions."""

    grace: float = Field(default=10.0, ge=0, le=MAX_SECONDS, validation_alias="SIGNOFF_GRACE")
    """Seconds that running steps have to finish when the process stops."""

    may_start: Annotated[tuple[str, ...], NoDecode, BeforeValidator(split), AfterValidator(checked)] = Field(
        default=(), validation_alias="SIGNOFF_MAY_START"
    )
    """Who may start runs in Slack: `WHO`, or `FLOW:WHO` for the flows whose name fits, separated by commas."""

    may_cancel: Annotated[tuple[str, ...], NoDecode, BeforeValidator(split), AfterValidator(checked)] = Field(
        default=(), validation_alias="SIGNOFF_MAY_CANCEL"
    )
    """The same for who may cancel runs in Slack, besides those who requested them."""

    @model_validator(mode="after")
    def _read_old_names(self) -> Self:
        if self.max_held is not None:
            logger.warning("SIGNOFF_MAX_HELD is now called SIGNOFF_MAX_IN_MEMORY; the old name will stop working.")
            if "max_in_memory" not in self.model_fields_set:
                self.max_in_memory = self.max_held
        return self

    @field_validator("slack_bot_token", "slack_app_token", "slack_signing_secret", mode="before")
    @classmethod
    def _stripped(cls, value: object) -> object:
        """The secret without the line break that ends a mounted file. An empty one is missing."""
        secret = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not isinstance(secret, str):
            return secret
        remember_secret(secret.strip())
        return secret.strip() or None

    @field_validator("slack_api_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        # Otherwise each call to Slack would fail in its own way.
        found = _API_URL.fullmatch(value)
        if found is None or int(found["port"] or 0) > MAX_PORT:
            raise PydanticCustomError("address", "Set it to an address such as https://slack.com/api/")
        return value if value.endswith("/") else f"{value}/"

    @property
    def mode(self) -> Mode:
        """Socket Mode if there is an app-level token, and signed HTTP otherwise."""
        return Mode.HTTP if self.slack_app_token is None else Mode.SOCKET

    def check_slack(self) -> None:
        """Check all that can be said of the settings of Slack without asking it.

        Raises:
            BadSettings: If one is missing, or cannot be right.
        """
        self.bot_token()
        if self.mode is Mode.SOCKET:
            self.app_token()
        else:
            self.signing_secret()

    def bot_token(self) -> str:
        """The bot token.

        Raises:
            BadSettings: If it is missing, or another kind of token.
        """
        return _token(
            self.slack_bot_token,
            "SLACK_BOT_TOKEN",
            "xoxb-",
            "Install the app to your workspace and copy the Bot User OAuth Token",
        )

    def app_token(self) -> str:
        """The app-level token.

        Raises:
            BadSettings: If it is missing, or another kind of token.
        """
        return _token(
            self.slack_app_token,
            "SLACK_APP_TOKEN",
            "xapp-",
            "Create an app-level token with connections:write",
        )

    def signing_secret(self) -> str:
        """The signing secret.

        Raises:
            BadSettings: If it is missing, or cannot be a signing secret.
        """
        if self.slack_signing_secret is None:
            raise BadSettings(
                "Neither SLACK_APP_TOKEN (for Socket Mode) nor SLACK_SIGNING_SECRET (for signed HTTP) is set. "
                "Set one of them."
            )
        secret = self.slack_signing_secret.get_secret_value()
        if secret.startswith(("xox", "xapp-")):
            raise BadSettings(f"SLACK_SIGNING_SECRET is a token, not the signing secret. {_HOW_TO_COPY}.")
        if not _SECRET.fullmatch(secret):
            raise BadSettings(
                f"SLACK_SIGNING_SECRET contains a space, a line break or a quotation mark. {_HOW_TO_COPY}."
            )
        return secret


def load_settings(**overrides: Any) -> Settings:
    """The settings from the environment, with those overrides that are not `None`.

    Raises:
        BadSettings: If a setting is invalid.
    """
    return load(Settings, **overrides)


def local_settings(file: Path, *, api_url: str, bot_token: str, app_token: str) -> Settings:
    """The settings of a bot in a local workspace. Those in the environment may belong to a real one."""
    return Settings(
        _env_file=None,
        database_url=f"sqlite:///{file}",
        channel="#general",
        approvers=(),
        outside_slack="claims",
        policies="",
        slack_bot_token=SecretStr(bot_token),
        slack_app_token=SecretStr(app_token),
        slack_signing_secret=None,
        slack_api_url=api_url,
        may_start=(EVERYONE,),
        may_cancel=(EVERYONE,),
    )


def _token(value: SecretStr | None, name: str, prefix: str, where: str) -> str:
    if value is None:
        raise BadSettings(f"{name} is not set. {where}, and set {name} to it ({prefix}…).")
    token = value.get_secret_value()
    if not token.startswith(prefix):
        raise BadSettings(f"{name} is the wrong kind of token. It must begin with {prefix}. {where}.")
    if not _TOKEN.fullmatch(token):
        raise BadSettings(
            f"{name} contains a character that no token has, such as a space, a line break or a quotation mark. "
            f"{where}."
        )
    return token
