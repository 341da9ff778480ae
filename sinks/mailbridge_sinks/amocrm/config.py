"""What can be set in [sinks.NAME] with type = "amocrm"."""

from datetime import datetime, time, timedelta, tzinfo
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, field_validator, model_validator

from mailbridge.sdk import CARD_PATHS, CardTemplates, ReadBackConfig, SamePerson, is_card_path
from mailbridge_sinks.amocrm.memory import AccountMemory

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
OAUTH = ("client_id", "client_secret", "redirect_uri", "refresh_token")

Named = int | Annotated[str, Field(min_length=1)]
"""Something of the account by its id, code or name."""

TagPart = Literal["network", "channel", "kind", "product", "labels", "priority"]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AmocrmTask(_Table):
    """The task that every new lead gets."""

    text: str = Field("", max_length=200, description="What the task asks for; empty = by `language`.")
    deadline_s: int = Field(
        1200, gt=0, description="Seconds from the arrival of the mail until the task is overdue; 1200 = twenty minutes."
    )
    due_at: time | None = Field(
        None, description="Time of day in the account's time zone by which it is due, instead of deadline_s."
    )
    type_id: int = Field(1, description="Id of the task's type: 1 = contact, 2 = meeting, or one of the account's own.")

    def due(self, received_at: datetime, zone: tzinfo) -> datetime:
        """Return when the task of a mail is due; `zone` is the account's."""
        if self.due_at is None:
            return received_at + timedelta(seconds=self.deadline_s)
        local = received_at.astimezone(zone)
        day = local.date() if local.time() < self.due_at else local.date() + timedelta(days=1)
        return datetime.combine(day, self.due_at, tzinfo=zone)


class AmocrmConfig(SamePerson, CardTemplates):
    """One amoCRM or Kommo account."""

    url: str = Field(
        description="Address of the account, such as https://example.amocrm.ru.",
        examples=["https://example.amocrm.ru"],
    )
    token: SecretStr | None = Field(
        None, description="Long-lived token: amoMarket → your integration → Keys and scopes. Valid for up to 5 years."
    )
    client_id: str | None = Field(None, description="Only for OAuth instead of a long-lived token: integration ID.")
    client_secret: SecretStr | None = Field(None, description="Only for OAuth: secret key of the integration.")
    redirect_uri: str | None = Field(None, description="Only for OAuth: redirect address, exactly as registered.")
    refresh_token: SecretStr | None = Field(
        None,
        description="Only for OAuth: the first refresh token; it works once, later ones are kept in the ledger. "
        "Absent = a person agrees in a browser: mailbridge login NAME.",
    )
    key_field: Named = Field(
        "mailbridge key",
        description="Text field of the lead that holds our key: id, code or name. Create it once; it prevents doubles.",
    )
    pipeline: Named | None = Field(None, description="Pipeline of new leads: id or name. Default: the main one.")
    status: Named | None = Field(None, description="Stage of new leads: id or name. Default: the first one.")
    responsible: int | None = Field(None, description="User id for leads that no rule assigns.")
    asap: bool = Field(False, description="Put leads that no rule assigns into Unsorted: whoever is first takes them.")
    fields: dict[str, Named] = Field(
        default_factory=dict,
        description='Path in the interest = field of the lead (id, code or name), such as "source.url" = "Источник".',
    )
    contact_fields: dict[str, Named] = Field(
        default_factory=dict,
        description='The same for fields of the contact. "author.url" here also finds people again by their profile.',
    )
    tags: tuple[str, ...] = Field((), description="Tags of every lead.")
    tag_by: tuple[TagPart, ...] = Field(
        ("network", "kind", "labels"), description="Parts of the interest that become tags too."
    )
    task: AmocrmTask | None = Field(None, description="Task for every new lead. Default: none.")
    language: Literal["ru", "en"] = Field("ru", description="Language of labels in notes, names and tags.")
    strip_emoji: bool = Field(False, description="Leave out characters such as emoji, if the account cuts texts there.")
    read_back: ReadBackConfig = Field(
        ReadBackConfig(),
        description="What became of the leads: `proof_field` is the id, code or name of a field of the lead.",
        examples=[{"proof_field": "Ссылка на ответ"}],
    )
    contact_pages: int = Field(
        20,
        ge=0,
        le=40,
        description="When many strangers arrive at once, the list of contacts is read, up to so many pages of 250;"
        " in longer lists everybody is searched alone. 0 = always.",
    )
    timeout_s: float = Field(20.0, gt=0, le=120, description="Seconds to wait for an answer.")
    _memory: AccountMemory = PrivateAttr(default_factory=AccountMemory)

    @property
    def memory(self) -> AccountMemory:
        """What the sinks made of this configuration know together."""
        return self._memory

    @field_validator("url")
    @classmethod
    def _base(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise ValueError("must begin with https:// (plain http only for this machine)")
        if not parts.hostname or parts.query or parts.fragment or parts.username or parts.path.strip("/"):
            raise ValueError("must be the account's address and nothing more, such as https://example.amocrm.ru")
        return url.rstrip("/")

    @field_validator("fields", "contact_fields")
    @classmethod
    def _known_paths(cls, table: dict[str, Named]) -> dict[str, Named]:
        if unknown := [path for path in table if not is_card_path(path)]:
            raise ValueError(f"unknown path {unknown[0]!r}; known: {', '.join(sorted(CARD_PATHS))}, fields.LABEL")
        return table

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        given = [name for name in OAUTH if getattr(self, name)]
        if self.token and given:
            raise ValueError(f"give either token or OAuth, not both: token and {given[0]}")
        missing = [name for name in OAUTH[:-1] if name not in given]
        if not self.token and missing:
            raise ValueError("token is missing" if not given else f"OAuth needs also: {', '.join(missing)}")
        if self.status is not None and self.pipeline is None and not isinstance(self.status, int):
            raise ValueError("status by name needs pipeline")
        return self
