"""Configuration of `[sinks.NAME] type = "bitrix24"`."""

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from mailbridge.sdk import CardTemplates, PhotoConfig, ReadBackConfig, SamePerson, is_card_path

_WEBHOOK_PATH = re.compile(r"/(?:[^?#]*/)?rest/\d+/[^/?#]+/?")
_PORTAL_PATHS = {"", "/", "/rest", "/rest/"}
_OAUTH = ("client_id", "client_secret", "refresh_token")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_HOST = re.compile(r"[\w.-]+|[0-9a-f:]+")

UserId = Annotated[int, Field(ge=1)]


class TodoConfig(BaseModel):
    """The to-do that every interest gets."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field("", max_length=200, description="Title of the to-do; empty = by `language`.")
    deadline_s: int = Field(
        1200, ge=60, description="Deadline, in seconds after the notification arrived in the mailbox."
    )


class Bitrix24Config(SamePerson, CardTemplates):
    """One portal, written to through an inbound webhook.

    The address of the webhook is its password: it is kept as a secret and never shown.
    """

    url: SecretStr = Field(
        description="Address of an inbound webhook with the right CRM (crm), and Users (user_brief) to check people:"
        " https://PORTAL/rest/USER/CODE/. Whoever knows it can write into the CRM. With OAuth: https://PORTAL/.",
        examples=["https://example.bitrix24.ru/rest/1/change-me/"],
    )
    client_id: str | None = Field(
        None, min_length=1, description="Only for OAuth instead of a webhook: id of the local application."
    )
    client_secret: SecretStr | None = Field(None, description="Only for OAuth: the application's key.")
    refresh_token: SecretStr | None = Field(
        None, description="Only for OAuth: the first refresh token; later ones are kept in the ledger."
    )
    oauth_url: str = Field(
        "https://oauth.bitrix.info/oauth/token/", description="Only for OAuth: where tokens are renewed."
    )
    entity: Literal["lead", "deal"] = Field(
        "lead", description='What an interest becomes. A portal in simple mode has no leads: "deal".'
    )
    responsible: UserId | None = Field(
        None, description="Id of the user who gets interests without another assignee; none = the webhook's owner."
    )
    asap: bool = Field(
        default=False,
        description="Interests without another assignee are free for all: they wait at `asap_user`, open to everybody,"
        " and whoever is first takes them.",
    )
    asap_user: UserId | None = Field(None, description="Id of the user who stands for nobody, such as a duty account.")
    opened: bool = Field(default=True, description="Whether everybody may see what is made here.")
    source_id: str | None = Field("WEB", description="Source, as in CRM → Settings → Sources; none = the portal's own.")
    stage: str | None = Field(
        None,
        description='First stage, such as "NEW", or "C9:NEW" in deal funnel 9; none = the portal\'s first.',
        examples=["NEW"],
    )
    fields: dict[str, str] = Field(
        default_factory=dict,
        description="What goes into fields of the lead besides title, person, contacts, source and text: path of the"
        ' interest → field, such as { "source.url" = "ufCrm_1700000000", "fields.City" = "ufCrm_1700000001" }.',
    )
    constants: dict[str, str] = Field(
        default_factory=dict, description='Fields of the lead with a fixed value, such as { "ufCrm_17" = "mail" }.'
    )
    profile_field: str | None = Field(
        None,
        description="Text field of contacts for the author's page, such as ufCrm_1700000002: people who left neither"
        " phone nor e-mail are found again by it.",
        examples=["ufCrm_1700000002"],
    )
    currencies: tuple[str, ...] = Field(
        ("RUB",), description="Currencies that the portal knows; amounts in others stand only in the comment."
    )
    todo: TodoConfig | None = Field(None, description="To-do for every interest; none = no to-do.")
    originator: str = Field(
        "mailbridge", min_length=1, max_length=50, description="Written into originatorId of what is made here."
    )
    language: Literal["ru", "en"] = Field("ru", description="Language of titles and comments.")
    emoji: bool = Field(
        default=True,
        description="False for a self-hosted portal whose database can't store emoji: they are spelled out.",
    )
    batch: int = Field(50, ge=1, le=50, description="Most commands per request; fewer when the portal is slow.")
    timeout_s: float = Field(
        40.0, gt=0, le=120, description="Seconds to wait for an answer; the portal works up to 60."
    )

    photo: PhotoConfig = Field(
        PhotoConfig(),
        description="Photos of new contacts (avatars): off until hosts are named that they may be fetched from.",
        examples=[{"hosts": ["userapi.com"]}],
    )
    read_back: ReadBackConfig = Field(
        ReadBackConfig(),
        description="What became of the leads.",
        examples=[{"proof_field": "ufCrm_1700000003"}],
    )

    @field_validator("url")
    @classmethod
    def _is_webhook(cls, url: SecretStr) -> SecretStr:
        try:
            address = httpx.URL(url.get_secret_value())
        except (httpx.InvalidURL, TypeError):
            raise ValueError("is no URL") from None
        if address.scheme != "https" and not (address.scheme == "http" and address.host in _LOOPBACK):
            raise ValueError("must begin with https://, because the address is the password")
        if (
            not _HOST.fullmatch(address.host)
            or address.userinfo
            or not (_WEBHOOK_PATH.fullmatch(address.path) or address.path in _PORTAL_PATHS)
            or address.query
        ):
            raise ValueError("must look like https://PORTAL/rest/USER/CODE/, or with OAuth like https://PORTAL/")
        return url

    @field_validator("oauth_url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise ValueError("must begin with https://, because secrets go there")
        return url

    @field_validator("fields")
    @classmethod
    def _maps_known_paths(cls, fields: dict[str, str]) -> dict[str, str]:
        unknown = [path for path in fields if not is_card_path(path)]
        if unknown:
            raise ValueError(f"no such part of an interest: {', '.join(unknown)}")
        return fields

    @field_validator("fields", "constants", "values")
    @classmethod
    def _names_fields(cls, fields: dict[str, str]) -> dict[str, str]:
        names = [name for name in (*fields.values(), *fields) if name in OWN_FIELDS]
        if names:
            raise ValueError(f"written by the sink itself: {', '.join(names)}")
        return fields

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        given = [name for name in _OAUTH if getattr(self, name)]
        is_portal = httpx.URL(self.url.get_secret_value()).path in _PORTAL_PATHS
        if given and not is_portal:
            raise ValueError(
                f"give either a webhook or OAuth, not both: url and {given[0]}; with OAuth https://PORTAL/"
            )
        if is_portal and len(given) < len(_OAUTH):
            missing = ", ".join(name for name in _OAUTH if name not in given)
            raise ValueError(
                f"url is no webhook such as https://PORTAL/rest/USER/CODE/, and OAuth needs also: {missing}"
            )
        return self

    @model_validator(mode="after")
    def _has_asap_user(self) -> Self:
        if self.asap and self.asap_user is None:
            raise ValueError("asap needs asap_user, because every lead in Bitrix24 belongs to somebody")
        return self


OWN_FIELDS = frozenset({"id", "originatorId", "originId", "contactId", "assignedById", "fm"})
"""Fields that no configuration may overwrite: recovery after a lost answer depends on them."""
