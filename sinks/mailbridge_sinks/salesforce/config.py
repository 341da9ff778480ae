"""The settings of one Salesforce account."""

from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from mailbridge.sdk import CARD_PATHS, CardTemplates, Kind, ReadBackConfig, is_card_path

ApiName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")]
"""Name of an object or a field as the API spells it; safe in a URL and in SOQL."""

RecordId = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{15}([A-Za-z0-9]{3})?$")]
"""15 or 18 characters."""

PERSON = frozenset({"LastName", "FirstName", "Email", "Phone"})
"""Fields of people that the sink fills in itself."""

PEOPLE = frozenset({"Lead", "Contact"})
"""Objects that are people."""

_SHARED_HOSTS = {"login.salesforce.com", "test.salesforce.com"}


class _Settings(BaseModel):
    # Without `hide_input_in_errors` a refused configuration would print its secrets.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class TaskConfig(_Settings):
    """A task for the person who answers."""

    subject: str = Field("", max_length=120, description="First words of the subject; empty = by `language`.")
    deadline_days: int = Field(1, ge=0, le=365, description="Days from the day the mail was received to the due date.")
    timezone: str = Field("UTC", description="Time zone of the due date, such as Europe/Moscow.")
    key_field: ApiName | None = Field(
        None, description="External Id field (Text 60, unique) of Task for the key; none = a line in the description."
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"no such time zone: {value}")
        return str(ZoneInfo(value))


class SalesforceReadBack(ReadBackConfig):
    """What is read back, by the org's own stages."""

    stage_field: ApiName = Field("Status", description="Field that holds the stage.")
    first_stages: tuple[str, ...] = Field(
        (), description="Stages in which nobody has touched it yet; empty = the default LeadStatus."
    )
    closed_stages: tuple[str, ...] = Field(
        ("Closed - Not Converted",), description="Stages in which nothing is left to do; a converted lead is closed."
    )
    proof_field: ApiName | None = Field(
        None, description="Field that holds the link to the answer.", examples=["MB_Proof__c"]
    )


class SalesforceConfig(CardTemplates):
    """One Salesforce account: where it is, who logs in, which fields are written."""

    url: str = Field(
        description="The org's My Domain, such as https://acme.my.salesforce.com.",
        examples=["https://acme.my.salesforce.com"],
    )
    token: SecretStr | None = Field(None, description="An access token that never expires; else the log-in below.")
    client_id: str | None = Field(None, min_length=1, description="Consumer key of the External Client App.")
    client_secret: SecretStr | None = Field(
        None, description="Consumer secret; logs in by the client credentials flow as the app's run-as user."
    )
    refresh_token: SecretStr | None = Field(
        None, description="Refresh token of a person who authorised the app; newer ones are kept in the ledger."
    )
    username: str | None = Field(None, min_length=1, description="User name for the JWT bearer flow.")
    private_key: SecretStr | None = Field(None, description="RSA private key (PEM) for the JWT bearer flow.")
    api_version: str = Field("59.0", pattern=r"^\d{2,3}\.0$", description="REST API version, at least 46.0.")
    timeout_s: float = Field(30.0, gt=0, le=120, description="Seconds to wait for an answer.")
    daily_share: float = Field(
        0.98,
        gt=0,
        le=1,
        description="Share of the org's API requests of 24 hours at which this sink waits for more.",
    )
    language: Literal["ru", "en"] = Field("ru", description="Language of the lines in the description.")

    object: ApiName = Field(
        "Lead", description="Object to create: Lead, Contact, or any other, whose fields `values` and `fields` fill."
    )
    key_field: ApiName = Field(
        "MB_Key__c", description="Field for the key: Text(40), External ID, Unique. The sink finds its leads by it."
    )
    fields: dict[str, ApiName] = Field(
        default_factory=dict,
        description='Where parts of the interest go: path in the interest = field, such as "source.url" = "Website"; '
        '"fields.LABEL" takes a form field. Everything else stands in Description.',
    )
    lengths: dict[ApiName, Annotated[int, Field(ge=1, le=131072)]] = Field(
        default_factory=dict, description="Characters that fields of `fields` take when that is not 255."
    )
    fixed: dict[ApiName, str | int | float | bool] = Field(
        default_factory=dict, description="Values every lead gets, such as a required field of your own."
    )
    title_field: ApiName | None = Field(
        None, description="Field for the title; absent = none, as for a Lead.", examples=["Subject"]
    )
    text_field: ApiName = Field("Description", description="Long text field for the card.")
    same_person: Literal["new", "append"] = Field(
        "new",
        description="What a further interest of a person becomes whose lead is still open: a new lead, or a task with "
        "the whole card at the open one; append needs task.key_field.",
    )
    always_new: tuple[Kind, ...] = Field(("order",), description="Kinds that are a new lead all the same.")
    lead_source: str = Field("Web", max_length=255, description="LeadSource of every lead; empty = not written.")
    company: str = Field("—", min_length=1, max_length=255, description="Company: Salesforce requires one.")

    owner: RecordId | None = Field(
        None, description="User or queue that owns new leads; none = the API's user.", examples=["0055g000001AbCd"]
    )
    asap_queue: RecordId | None = Field(
        None, description='Queue for leads that are "for whoever is first".', examples=["00G5g000001AbCd"]
    )
    auto_assign: bool = Field(False, description="Let the org's active assignment rule choose the owner.")
    allow_duplicates: bool = Field(
        True, description="Create the lead although a duplicate rule with an alert matches; rules that block still do."
    )
    task: TaskConfig | None = Field(
        None,
        description="Also create a task: subject, deadline_days, timezone, key_field; without this table none is.",
        examples=[{"deadline_days": 1, "timezone": "Europe/Moscow"}],
    )

    read_back: SalesforceReadBack = Field(SalesforceReadBack(), description="What became of the leads.")

    @field_validator("url")
    @classmethod
    def _safe_address(cls, value: str) -> str:
        parts = urlsplit(value.strip())
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            raise ValueError("must begin with https:// (http:// only to this machine)")
        if not parts.hostname or parts.path not in {"", "/"} or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("must be a host only, such as https://acme.my.salesforce.com")
        return f"{parts.scheme}://{parts.netloc}"

    @field_validator("api_version")
    @classmethod
    def _with_collections(cls, value: str) -> str:
        if float(value) < 46:
            raise ValueError("must be 46.0 or later: earlier ones have no bulk upsert")
        return value

    @field_validator("fields")
    @classmethod
    def _known_paths(cls, value: dict[str, str]) -> dict[str, str]:
        unknown = [path for path in value if not is_card_path(path)]
        if unknown:
            raise ValueError(f"an interest has no {', '.join(unknown)}; it has {', '.join(sorted(CARD_PATHS))}")
        return value

    @model_validator(mode="after")
    def _free_fields(self) -> "SalesforceConfig":
        own = {"Id", "OwnerId", self.key_field, self.text_field, self.title_field}
        own |= PERSON if self.object in PEOPLE else set()
        taken = {name for name in own if name} & {*self.fields.values(), *self.fixed, *self.values}
        if taken:
            raise ValueError(f"the sink fills in {', '.join(sorted(taken))} itself: choose other fields")
        return self

    @model_validator(mode="after")
    def _found_again(self) -> "SalesforceConfig":
        if self.same_person == "append" and (self.task is None or self.task.key_field is None):
            raise ValueError("same_person = append needs task.key_field: by it an appended interest is found again")
        return self

    @model_validator(mode="after")
    def _one_log_in(self) -> "SalesforceConfig":
        by_refresh = self.refresh_token is not None
        by_secret = self.client_secret is not None and not by_refresh
        by_jwt = self.username is not None or self.private_key is not None
        if (self.token is not None) + by_secret + by_jwt + by_refresh != 1:
            raise ValueError(
                "give exactly one of: token; client_id and client_secret; client_id, username, private_key; "
                "client_id, refresh_token"
            )
        if self.token is None and self.client_id is None:
            raise ValueError("client_id is missing")
        if by_jwt and (self.username is None or self.private_key is None):
            raise ValueError("the JWT bearer flow needs both username and private_key")
        if not by_jwt and urlsplit(self.url).hostname in _SHARED_HOSTS:
            raise ValueError("url must be the org's My Domain: the shared log-in hosts serve no client credentials")
        return self


def is_loopback(host: str) -> bool:
    """Return whether a host name means this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
