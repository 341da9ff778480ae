"""The consolidated report and its mailing: `[report]`, `[report_mail]`."""

from email.errors import MessageError
from email.headerregistry import Address
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from mailbridge.mailbox.smtp import SmtpSettings
from mailbridge.sdk.translations import Language


class ReportSettings(BaseModel):
    """The report; its days and hours are those of `[watch] timezone`, its deadline is `[watch] answer_s`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: Language | None = Field(
        None, examples=["ru"], description="Language of reports; absent = that of [alerts]."
    )
    top: int = Field(
        20, ge=1, le=1000, description="So many values of a dimension are told apart, the rest is one row."
    )
    names: bool = Field(
        False, description="Whether authors who wrote more than once are named; think of who gets the report."
    )


class ReportMailSettings(SmtpSettings):
    """The report of each day, week or month by mail, with `[report]`'s language and names; each recipient gets it once.

    Without this table none is sent.
    """

    to: tuple[str, ...] = Field(
        min_length=1, description="Addresses; each gets a mail of its own.", examples=[["sales@example.org"]]
    )
    sender: str | None = Field(
        None, description="Address that it comes from; absent = username.", examples=["mailbridge@example.org"]
    )
    every: Literal["day", "week", "month"] = Field(
        "week", description="What is reported when it has ended; weeks begin on Monday."
    )
    at: str = Field(
        "08:00",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        description="When it is sent on the day after.",
    )

    @field_validator("to", "sender")
    @classmethod
    def _are_addresses(cls, value: tuple[str, ...] | str | None) -> tuple[str, ...] | str | None:
        for one in (value,) if isinstance(value, str) else value or ():
            if not _is_address(one):
                raise ValueError(f"{one!r} is no address; write one like sales@example.org")
        return tuple(dict.fromkeys(value)) if isinstance(value, tuple) else value

    @model_validator(mode="after")
    def _has_a_sender(self) -> Self:
        if not _is_address(self.origin):
            raise ValueError("sender is missing: the address that the report comes from")
        return self

    @property
    def origin(self) -> str:
        """The address that it comes from."""
        return self.sender or self.username or ""


def _is_address(text: str) -> bool:
    try:
        return "." in Address(addr_spec=text).domain and text.isascii()
    except (MessageError, ValueError, IndexError):
        return False
