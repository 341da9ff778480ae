"""The models of the configuration; those of plugins are added to them, so that one model tells everything."""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, SecretStr, create_model, field_validator
from pydantic.fields import FieldInfo

from mailbridge.config.canary import CanarySettings
from mailbridge.config.reporting import ReportMailSettings, ReportSettings
from mailbridge.config.watching import AlertSettings, HttpSettings, WatchSettings
from mailbridge.mailbox.limits import Limits
from mailbridge.mailbox.receiving import checked_sender, network_of
from mailbridge.mailbox.settings import MailboxSettings
from mailbridge.pipeline.assignment import Assign
from mailbridge.pipeline.labelling import LabelRules, ProductRules
from mailbridge.pipeline.replies import ReplyRules
from mailbridge.pipeline.when import Rules, any_holds
from mailbridge.registry import parser_names, parser_type, sink_names, sink_type
from mailbridge.sdk import Interest, TrustPolicy

_MOST_WORKERS = 4
"""Each costs up to 150 MB, and more of them read faster than one ledger can settle."""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LedgerSettings(_Table):
    """The ledger: every mail, interest and delivery. Losing it loses nothing, but costs a search in the CRM."""

    url: str = Field(
        "sqlite:///mailbridge.db",
        description="sqlite:///PATH; a path that does not begin with / is relative to this file. For several nodes "
        "postgresql://USER@HOST/DATABASE; with a password in it better as url_file = PATH.",
        json_schema_extra={"writeOnly": True},  # a secret where it holds a password
    )
    lease_s: float = Field(
        120, ge=10, le=3600, description="Seconds a batch belongs to one worker without a sign of life."
    )
    min_free_bytes: int = Field(
        200_000_000, ge=0, description="SQLite: with less free space beside the file nothing new is taken."
    )
    reserve_bytes: int = Field(
        16_777_216, ge=0, description="SQLite: a file beside it that gives way to results when the disk is full."
    )
    token_key: SecretStr | None = Field(
        None,
        min_length=16,
        description="Key that encrypts renewed OAuth tokens in the ledger, the same for all nodes; a new one is put "
        "above the old one, a line each. Absent = a file PATH.key beside an SQLite ledger, made when it is needed.",
    )

    @property
    def key(self) -> str | None:
        """The key itself."""
        return None if self.token_key is None else self.token_key.get_secret_value()


class LogSettings(_Table):
    """Logs go to standard error."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Lowest level that is shown.")
    format: Literal["json", "text", "auto"] = Field("auto", description="auto: text on a terminal, else JSON lines.")


class RunSettings(_Table):
    """The daemon."""

    shutdown_s: float = Field(30, ge=0, le=600, description="Seconds that a stop may take to finish what is in flight.")
    parse_workers: int | None = Field(
        None,
        ge=0,
        le=64,
        examples=[2],
        description="Processes that read mails; absent = one per core, at most 4; 0 = inside the daemon.",
    )

    @property
    def workers(self) -> int:
        """Processes that read mails."""
        return min(_MOST_WORKERS, cores()) if self.parse_workers is None else self.parse_workers


class RetentionSettings(_Table):
    """How long personal data is kept. What is over loses bytes, names and texts; counts, ids and places stay."""

    parsed_days: int | None = Field(
        730, ge=1, description="Days for mails with interests, and only when all their deliveries are final."
    )
    ignored_days: int | None = Field(90, ge=1, description="Days for mails that are no interest.")
    quarantined_days: int | None = Field(365, ge=1, description="Days for mails that nobody released.")
    interests_days: int | None = Field(
        None, ge=1, examples=[1095], description="Days for the cards themselves; absent = for ever."
    )


class TrustSettings(_Table):
    """Who is believed, besides what `receiver` and `forwarders` of a mailbox and `trust` of a parser say."""

    senders: tuple[str, ...] = Field(
        (),
        description="Your own senders of forms: addresses, domains, or networks of your web servers. With trust = "
        '"require" in [parsers.form] only they come in; who hands over from one of these networks is believed.',
        examples=[["forms@shop.example", "192.0.2.7"]],
    )
    allow: tuple[str, ...] = Field(
        (),
        description="Addresses or domains of people and firms whose name looks like that of a network, and who are "
        "who they are.",
        examples=[["anna@facebookoff.example"]],
    )

    old_days: int = Field(
        7,
        ge=1,
        description="A mail that was written so many days before it came is not believed: anybody can send a genuine "
        "old one again.",
    )
    dkim: Literal["auto", "off"] = Field(
        "auto",
        description="auto: where the mail server has not checked a sender, his signature (DKIM) is checked here, with "
        "a key out of the DNS; off: nothing is looked up.",
    )
    dns_timeout_s: float = Field(2, gt=0, le=30, description="Seconds that one look-up may take.")

    @property
    def servers(self) -> tuple[str, ...]:
        """The networks among `senders`."""
        return tuple(one for one in self.senders if network_of(one) is not None)

    @field_validator("senders", "allow")
    @classmethod
    def _are_senders(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(checked_sender, value))


class RecipesSettings(_Table):
    """Parsers for further senders, each a TOML file; see docs/recipes.md."""

    folder: Path | None = Field(
        None,
        description="Folder of the files NAME.toml; changes are taken up while the daemon runs.",
        examples=["recipes"],
    )


class SinkSettings(_Table):
    """What every sink has, whatever its type."""

    type: str = Field(description="Kind of CRM; see `mailbridge plugins`.")
    account_id: str | None = Field(
        None, description="Name that the keys in the CRM are made of; absent = NAME. Never change it later."
    )
    networks: tuple[str, ...] = Field((), description="Only interests of these networks or channels; empty = all.")
    when: Rules = Field(
        (),
        description="Only interests of which this is true: network, channel, kind, product, source, text, labels, "
        "trust, language, mailbox, priority, max_rating. Every key given must hold; of a list one value is enough, of "
        "several tables one.",
        examples=[{"kind": ["comment", "message"], "text": ["price", "цена*"]}],
    )
    unless: Rules = Field(
        (), description="No interests of which this is true; keys as in `when`.", examples=[{"trust": ["fail"]}]
    )
    assign: Assign | None = Field(
        None,
        description="Who gets the interests; absent = the sink's own default.",
        examples=[{"users": ["1", "2"], "hours": {"*": "Mo-Fr 09:00-18:00"}, "timezone": "Europe/Moscow"}],
    )
    parallel: int = Field(6, ge=1, le=32, description="Batches that are sent at the same time.")
    rate_per_s: float | None = Field(None, gt=0, description="Requests a second; absent = what the CRM allows.")
    server_acts_s: float = Field(
        120, ge=0, le=86_400, description="How long the CRM may still work on a request whose answer was lost."
    )
    search_lag_s: float = Field(
        60, ge=0, le=86_400, description="How long the CRM's search may not see what was just written."
    )
    canary_every_s: float = Field(
        0, ge=0, le=604_800, description="Seconds until the search lag is measured again, by reading only; 0 = never."
    )

    @property
    def quiet_s(self) -> float:
        """Seconds from a doubtful request until a search may be believed."""
        return self.server_acts_s + self.search_lag_s

    def wants(self, interest: Interest) -> bool:
        """Whether an interest goes to this sink."""
        if self.networks and not {interest.source.network, interest.source.channel} & set(self.networks):
            return False
        return (not self.when or any_holds(self.when, interest)) and not any_holds(self.unless, interest)


class ParserSettings(_Table):
    """What every parser has."""

    trust: TrustPolicy | None = Field(
        None, description="require, label or off: what is asked of the sender; absent = the parser's own rule."
    )


class Settings(_Table):
    """Everything. Use `settings_model()` for the model that knows the installed plugins."""

    ledger: LedgerSettings = Field(LedgerSettings(), description="Where everything is remembered.")
    log: LogSettings = Field(LogSettings(), description="What is told.")
    run: RunSettings = Field(RunSettings(), description="How the daemon works.")
    limits: Limits = Field(Limits(), description="The most that is read of one mail.")
    retention: RetentionSettings = Field(RetentionSettings(), description="How long personal data is kept.")
    recipes: RecipesSettings = Field(RecipesSettings(), description="Parsers written as configuration.")
    trust: TrustSettings = Field(TrustSettings(), description="Who is believed.")
    watch: WatchSettings = Field(WatchSettings(), description="From when on something counts as wrong.")
    alerts: AlertSettings = Field(AlertSettings(), description="Who is told of it.")
    report_mail: ReportMailSettings | None = Field(None, description="The report by mail.")
    canary: CanarySettings | None = Field(None, description="A mail to ourselves, now and then.")
    report: ReportSettings = Field(ReportSettings(), description="What a period brought, and who is told of it.")
    http: HttpSettings = Field(HttpSettings(), description="Where programs ask.")
    labels: LabelRules = Field({}, description="What is urgent, and which labels cards get.")
    products: ProductRules = Field({}, description="What interests are about.")
    replies: ReplyRules = Field((), description="Ready replies on the cards.")
    mailboxes: dict[str, MailboxSettings] = Field({}, description="Where mails come from.")
    sinks: dict[str, Any] = Field({}, description="Where interests go.")
    parsers: dict[str, Any] = Field({}, description="Rules for single parsers.")


@cache
def sink_model(name: str) -> type[SinkSettings]:
    """Return the model of a [sinks.NAME] table of one type: the core's keys and the plugin's."""
    kind = sink_type(name)
    base: Any = (SinkSettings, kind.Config)
    only: Any = Literal[name]
    model: Any = create_model(f"{name}_sink", __base__=base, __doc__=kind.Config.__doc__, type=(only, ...))
    return cast("type[SinkSettings]", model)


@cache
def parser_model(name: str) -> type[ParserSettings]:
    """Return the model of a [parsers.NAME] table."""
    kind = parser_type(name)
    return create_model(f"{name}_parser", __base__=(ParserSettings, kind.Config), __doc__=kind.manifest.title)


def settings_model() -> type[Settings]:
    """Return the model of the whole file with all installed plugins."""
    return _model_with(tuple(sink_names()), tuple(parser_names()))


def fitting_model(tables: Mapping[str, Any]) -> type[Settings]:
    """Return the model with the plugins that a file names, so that no others are loaded.

    It is that of all plugins where the file names one that is not installed: then its problems are told.
    """
    sinks, parsers = tables.get("sinks", {}), tables.get("parsers", {})
    if not (isinstance(sinks, dict) and isinstance(parsers, dict)):
        return settings_model()
    types = [table.get("type") if isinstance(table, dict) else None for table in sinks.values()]
    known = sink_names()
    fits = types and all(one in known for one in types) and parsers.keys() <= set(parser_names())
    return _model_with(tuple(sorted(map(str, set(types)))), tuple(sorted(parsers))) if fits else settings_model()


@cache
def _model_with(sink_types: tuple[str, ...], parsers: tuple[str, ...]) -> type[Settings]:
    kinds = [sink_model(name) for name in sink_types]
    union: Any = kinds[0] if len(kinds) == 1 else _union(kinds)
    parsers_table = create_model(
        "parsers_table",
        __base__=_Table,
        **{name: (parser_model(name) | None, None) for name in parsers},  # type: ignore[call-overload]
    )
    return create_model(
        "Configuration",
        __base__=Settings,
        __doc__="Configuration of mailbridge.",
        sinks=(dict[str, union], Field({}, description="Where interests go.")),
        parsers=(parsers_table, Field(default_factory=parsers_table, description="Rules for single parsers.")),
    )


def _union(kinds: list[type[SinkSettings]]) -> Any:
    union: Any = kinds[0]
    for kind in kinds[1:]:
        union |= kind
    return Annotated[union, Field(discriminator="type")]


def inner_model(field: FieldInfo) -> type[BaseModel] | None:
    """Return the model of a field that is a table itself, also where it may be absent."""
    if get_origin(field.annotation) in {dict, list, tuple}:
        return None  # many tables, each under a name or in a row
    kinds = (field.annotation, *get_args(field.annotation))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
