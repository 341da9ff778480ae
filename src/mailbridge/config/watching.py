"""What is watched, who is told, and where programs may ask: `[watch]`, `[alerts]`, `[http]`."""

from typing import Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from mailbridge.observe.alert_texts import KINDS
from mailbridge.pipeline.hours import spans
from mailbridge.sdk.translations import Language


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HttpSettings(_Table):
    """Where `/livez`, `/readyz` and `/metrics` are answered; without a password, so keep it on this machine."""

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on; 0.0.0.0 = all, in a container.")
    port: int = Field(9464, ge=0, le=65_535, description="Port; 0 = nothing is answered.")


class WatchSettings(_Table):
    """From when on something counts as wrong, in `mailbridge health`, metrics and alerts alike."""

    look_s: float = Field(15, gt=0, le=600, description="Seconds between two looks at everything.")
    shadow_s: float = Field(
        300, ge=0, le=86_400, description="Seconds between two looks into a mailbox over a second connection; 0 = none."
    )
    mailbox_s: float = Field(300, gt=0, description="Seconds beyond poll_s that a mailbox may be out of sync.")
    sink_s: float = Field(300, ge=0, description="Seconds that a CRM may be away before it counts as down.")
    waiting_s: float = Field(900, gt=0, description="Seconds that a delivery may wait.")
    doubt_s: float = Field(3600, gt=0, description="Seconds that a delivery may be in doubt.")
    token_s: float = Field(259_200, ge=0, description="Seconds before its end that a token is told of.")
    clock_s: float = Field(30, gt=0, description="Seconds that our clock may differ from that of a server.")
    ledger_s: float = Field(30, ge=0, description="Seconds that the ledger may be locked or away.")
    disk_bytes: int = Field(500_000_000, ge=0, description="With less free space under an SQLite ledger it is told.")
    quarantine_per_hour: int = Field(
        10, ge=1, description="So many new mails in quarantine within an hour, and three times the usual, are told."
    )
    answer_s: float | None = Field(
        None, gt=0, examples=[7200], description="Seconds until a delivered interest should be answered; absent = any."
    )
    silent_hours: float = Field(
        8, gt=0, description="A source is silent when so many hours that usually bring something brought nothing."
    )
    silent_floor_s: float = Field(21_600, ge=0, description="No source is silent before so many seconds.")
    silent_history_s: float = Field(
        1_209_600, ge=0, description="A source is watched for silence when it is known for so many seconds."
    )
    hours: str | None = Field(
        None,
        examples=["Mo-Fr 09:00-18:00"],
        description="Working hours: only then silence counts; absent = always.",
    )
    timezone: str = Field("UTC", examples=["Europe/Moscow"], description="Where hours and quiet are.")

    @field_validator("timezone")
    @classmethod
    def _is_a_timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{value!r} is no timezone; write one like Europe/Moscow or UTC") from None
        return value

    @field_validator("hours")
    @classmethod
    def _are_hours(cls, value: str | None) -> str | None:
        if value is not None:
            spans(value)
        return value


class AlertSettings(_Table):
    """Who is told when something is wrong, and when it is over."""

    urls: tuple[SecretStr, ...] = Field(
        (),
        description="Targets as Apprise writes them, such as tgram://TOKEN/CHAT or mailto://USER:PASSWORD@HOST, or "
        "vk://TOKEN/PEER_ID; each is told by itself. Test them with: mailbridge alert test",
        examples=[["tgram://BOT_TOKEN/CHAT_ID"]],
    )
    name: str = Field("mailbridge", min_length=1, max_length=60, description="How messages name this installation.")
    language: Language = Field("en", description="Language of messages; reasons that servers give stay as they are.")
    runbook: str = Field(
        "docs/runbook.md", description="Where the runbook lies; messages end with a link to the entry of the alert."
    )
    quiet: str | None = Field(
        None,
        examples=["22:00-08:00"],
        description="Hours in which nothing is told but what is urgent; one message sums the rest up afterwards.",
    )
    urgent: tuple[str, ...] = Field(
        ("complaint_arrived", "urgent_arrived"),
        description="Kinds that are told also in quiet hours; see docs/runbook.md.",
    )
    off: tuple[str, ...] = Field((), description="Kinds that nobody is told of.", examples=[["source_silent"]])
    steady_looks: int = Field(
        2, ge=1, le=100, description="So many looks in a row something must be well again before that is told."
    )

    @field_validator("quiet")
    @classmethod
    def _are_hours(cls, value: str | None) -> str | None:
        if value is not None:
            spans(value)
        return value

    @field_validator("urls", mode="before")
    @classmethod
    def _one_a_line(cls, value: object) -> object:
        """A variable or a file holds one target a line."""
        return tuple(value.split()) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _names_kinds(self) -> Self:
        unknown = [kind for kind in (*self.urgent, *self.off) if kind not in KINDS]
        if unknown:
            raise ValueError(f"no such kind of alert: {', '.join(unknown)}; there are {', '.join(sorted(KINDS))}")
        return self
