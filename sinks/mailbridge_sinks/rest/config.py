"""What can be set in [sinks.NAME] with type = "rest"."""

from collections.abc import Mapping
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from mailbridge_sinks.rest.presets import merged, preset_names, preset_table
from mailbridge_sinks.rest.readlook import RestReadBack
from mailbridge_sinks.rest.shape import BATCH_NAMES, AnswerRule, Check, Hmac, Step, Table, Text, for_many

TAKEN = 50
"""Deliveries that a worker takes at a time at least: what it asks the ledger for them costs nearly as much for one."""

LOOPBACK = {"localhost", "127.0.0.1", "::1"}

NEEDS: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "bearer": ("token",),
    "basic": ("username", "password"),
    "header": ("token",),
    "query": ("token",),
    "path": ("token",),
    "hmac": ("secret",),
    "oauth": ("client_id", "client_secret", "login_url"),
}
"""Way to log in → the keys it needs."""

SAMPLE_STEP = {"path": "/api/leads", "body": {"key": "{{ key }}", "name": "{{ who }}", "text": "{{ card }}"}}


class RestConfig(Table):
    """Any CRM with a JSON API, by description: requests as templates, and what their answers mean."""

    url: str = Field(
        description="Base address of the API; paths are appended.",
        examples=["https://crm.example.org"],
    )
    steps: dict[str, Step] | None = Field(
        None,
        description="The requests of a delivery, in order: [sinks.NAME.steps.STEP] with method, path, body, id, "
        "search, answers, … The documentation of this sink has all keys and whole examples.",
        examples=[{"lead": SAMPLE_STEP}],
    )
    preset: str | None = Field(
        None,
        description=f"A ready-made description to start from: {', '.join(preset_names())}. "
        "Keys given here go before it.",
        examples=["hubspot"],
    )
    main: str = Field("lead", description="The step that makes the main object; it carries the key itself.")
    values: dict[str, str | int | float | bool] = Field(
        {}, description="Own values for templates, as {{ settings.NAME }}; a preset says which it knows."
    )

    auth: Literal["none", "bearer", "basic", "header", "query", "path", "hmac", "oauth"] = Field(
        "none",
        description="How to log in: bearer, header, query and path use token; basic uses username and password; hmac "
        "uses secret; oauth (client credentials) uses client_id, client_secret, login_url.",
    )
    token: SecretStr | None = Field(None, description="Token or API key.")
    auth_name: str = Field("X-Api-Key", description="header, query: name that the token stands under.")
    auth_prefix: str = Field("", description='header: what stands before the token, such as "Key ".')
    read_token: SecretStr | None = Field(
        None, description="Bearer token of searches and checks, where the one that writes may not read."
    )
    username: str | None = Field(None, description="basic: user name.")
    password: SecretStr | None = Field(None, description="basic: password.")
    secret: SecretStr | None = Field(None, description="hmac: the shared secret.")
    hmac: Hmac = Field(Hmac(), description="hmac: how requests are signed.")
    client_id: str | None = Field(None, description="oauth: client id.")
    client_secret: SecretStr | None = Field(None, description="oauth: client secret.")
    login_url: str | None = Field(
        None, description="oauth: address that gives tokens.", examples=["https://crm.example.org/oauth/token"]
    )
    scope: str | None = Field(None, description="oauth: scope to ask for.", examples=["leads.write"])
    client_auth: Literal["basic", "body"] = Field("basic", description="oauth: where the client's secret is sent.")

    headers: dict[str, Text] = Field({}, description="Headers of every request; templates.")
    answers: tuple[AnswerRule, ...] = Field((), description="What answers of any request mean; a step's own go first.")
    checks: tuple[Check, ...] = Field((), description="Reading requests by which `check` proves the set-up.")
    read_back: RestReadBack = Field(
        RestReadBack(),
        description="What became of the main objects: `look` describes the request that reads them.",
        examples=[{"every_s": 300, "look": {"path": "/api/leads/{{ id }}", "stage": "status", "closed": "is_closed"}}],
    )
    language: Literal["ru", "en"] = Field("ru", description="Language of card, title and words.")
    timeout_s: float = Field(20.0, gt=0, le=120, description="Seconds to wait for an answer.")

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or not isinstance(data.get("preset"), str):
            return data
        table = preset_table(data["preset"])
        common = {key: value for key, value in table.pop("account", {}).items() if key in cls.model_fields}
        needs = table.pop("needs", {})
        whole = merged({**common, **table}, data)
        if isinstance(whole.get("values", {}), Mapping):
            missing = [
                f"values.{name} ({what})" for name, what in needs.items() if not whole.get("values", {}).get(name)
            ]
            if missing:
                raise ValueError(f'preset = "{data["preset"]}" needs also: {", ".join(missing)}')
        return whole

    @field_validator("url", "login_url")
    @classmethod
    def _safe_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise ValueError("must begin with https:// (plain http only for this machine)")
        if not parts.hostname or parts.query or parts.fragment or parts.username:
            raise ValueError("must be an address without user, query and fragment")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        missing = [name for name in NEEDS[self.auth] if getattr(self, name) is None]
        if missing:
            raise ValueError(f'auth = "{self.auth}" needs also: {", ".join(missing)}')
        return self

    @model_validator(mode="after")
    def _has_steps(self) -> Self:
        if not self.steps:
            raise ValueError("steps is missing: describe the requests, or name a preset")
        if self.main not in self.steps or self.steps[self.main].when:
            raise ValueError(f"main = {self.main!r} is no step without when: {', '.join(self.steps)}")
        if any(step.batch > 1 for step in self.steps.values()):
            for_many(self.headers, names=BATCH_NAMES)
        for value in self.values:
            if not value.isidentifier():
                raise ValueError(f"values: {value!r} is no name that a template can use")
        return self

    @property
    def requests(self) -> Mapping[str, Step]:
        """The steps in order; never none."""
        return self.steps or {}

    @property
    def max_batch(self) -> int:
        """Deliveries that are taken at a time: as many as the largest request holds, and at least `TAKEN`."""
        sizes = [max(step.batch, step.search.batch if step.search else 1) for step in self.requests.values()]
        return max(TAKEN, *sizes)

    def step_key_of(self, name: str, key: str) -> str:
        """Return what an object of a step carries: the main one the key itself, the others KEY/step."""
        return key if name == self.main else f"{key}/{name}"
