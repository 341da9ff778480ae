"""What stands in a recipe."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Literal

import re2
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from mailbridge.sdk import Channel, Evidence, Html, Kind, TrustPolicy

PLACES = (
    "author.name", "author.email", "author.phone", "author.url", "text", "source.title", "source.url", "product.name",
    "product.url", "amount", "currency", "rating", "occurred_at", "refs.order", "refs.comment", "refs.post",
    "refs.thread", "refs.form",
)  # fmt: skip
"""Where a value may go; every other labelled value of the mail goes to `fields`."""

Place = Literal[
    "author.name", "author.email", "author.phone", "author.url", "text", "source.title", "source.url", "product.name",
    "product.url", "amount", "currency", "rating", "occurred_at", "refs.order", "refs.comment", "refs.post",
    "refs.thread", "refs.form",
]  # fmt: skip


_GROUPS = frozenset(place.partition(".")[0] for place in PLACES if "." in place)


@cache
def compiled(pattern: str) -> Any:
    """Return a pattern that takes time linear in the text, whatever it is (RE2): no mail can hang it."""
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    options.max_mem = 1 << 22
    return re2.compile(f"(?m){pattern}", options)  # ^ and $ are those of a line, as `.*` ends with it


def _pattern(value: str) -> str:
    try:
        compiled(value)
    except re2.error as error:
        reason = error.args[0] if error.args else "unknown"
        told = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
        raise ValueError(f"is no pattern: {told}; look-ahead and back references do not exist here") from None
    return value


def _selector(value: str) -> str:
    try:
        Html("<p></p>").select(value)
    except Exception as error:  # noqa: BLE001 - whatever the HTML engine raises, the selector is at fault
        raise ValueError(f"is no CSS selector: {str(error).splitlines()[0]}") from None
    return value


def _sender(value: str) -> str:
    box, at, domain = value.strip().lower().rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii")  # as addresses of mails are read
    except UnicodeError:
        domain = ""
    if (
        not re.fullmatch(r"[^@\s]+|", box)
        or not re.fullmatch(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", domain)
        or (at and not box)
    ):
        raise ValueError("is no domain and no address: write bell.example, or noreply@bell.example")
    return f"{box}{at}{domain}"


def _header(value: str) -> str:
    if not re.fullmatch(r"[!-9;-~]+", value):
        raise ValueError("is no name of a header field: write it without blanks and colon, such as X-Bell-Call")
    return value


def _label(value: str) -> str:
    if not value.strip(" :*"):
        raise ValueError("is empty: write what stands before the value, such as Phone")
    return value


def _listed(given: Any, *names: str) -> Any:
    """Return a table in which one text stands for a list of one: nobody should have to know the difference."""
    if not isinstance(given, dict):
        return given
    return {key: (value,) if key in names and isinstance(value, str) else value for key, value in given.items()}


Pattern = Annotated[str, AfterValidator(_pattern)]
Selector = Annotated[str, AfterValidator(_selector)]
Sender = Annotated[str, AfterValidator(_sender)]
Header = Annotated[str, AfterValidator(_header)]
Label = Annotated[str, AfterValidator(_label)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Match(_Table):
    """Which mails a recipe reads. All that is given must hold; of a list any one."""

    senders: tuple[Sender, ...] = Field((), description="Domains with their subdomains, or whole addresses, of From.")
    subject: Pattern | None = Field(None, description="Pattern that the subject holds.")
    headers: dict[Header, Pattern] = Field({}, description="Name of a header field → pattern that its value holds.")
    text: tuple[str, ...] = Field((), description="Words that stand in the mail, all of them; case does not matter.")

    @model_validator(mode="before")
    @classmethod
    def _lists(cls, given: Any) -> Any:
        return _listed(given, "senders", "text")

    @model_validator(mode="after")
    def _says_something(self) -> "Match":
        if not (self.senders or self.subject or self.headers or self.text):
            raise ValueError("is empty: say by which sender, subject, header or words the mails are recognised")
        return self


class Leave(_Table):
    """Mails of the same sender that are no interest."""

    reason: str = Field("newsletter", pattern=r"^[a-z][a-z0-9_]{1,40}$", description="Counted and shown by operators.")
    subject: Pattern | None = Field(None, description="Pattern that the subject holds.")
    text: tuple[str, ...] = Field((), description="Words that stand in the mail, all of them.")

    @model_validator(mode="before")
    @classmethod
    def _lists(cls, given: Any) -> Any:
        return _listed(given, "text")

    @model_validator(mode="after")
    def _says_something(self) -> "Leave":
        if not (self.subject or self.text):
            raise ValueError("needs subject or text")
        return self


class Finder(_Table):
    """How one value is found; exactly one of label, css, pattern, header and value."""

    label: tuple[Label, ...] = Field((), description="What stands before the value, or in the cell beside it.")
    css: Selector | None = Field(None, description="CSS selector of the element in the HTML part.")
    attr: str | None = Field(None, description="With css: an attribute of the element instead of its text.")
    pattern: Pattern | None = Field(None, description="Pattern; its first group is the value.")
    part: Literal["text", "subject"] = Field("text", description="With pattern: where it is looked for.")
    header: Header | None = Field(None, description="Name of a header field.")
    value: str | None = Field(None, description="The same for every mail.")
    required: bool = Field(False, description="Without it the mail goes to quarantine.")

    @model_validator(mode="before")
    @classmethod
    def _lists(cls, given: Any) -> Any:
        if isinstance(given, str):
            told = f'says not how it is found: write {{ label = "{given}" }}, or css, pattern, header or value'
            raise ValueError(told)  # noqa: TRY004 - pydantic takes only this for a mistake in the recipe
        return _listed(given, "label")

    @model_validator(mode="after")
    def _is_one(self) -> "Finder":
        ways = [name for name in ("label", "css", "pattern", "header", "value") if getattr(self, name)]
        if len(ways) != 1:
            given = ", ".join(ways) or "none"
            raise ValueError(f"needs exactly one of label, css, pattern, header, value; given: {given}")
        if self.pattern and not compiled(self.pattern).groups:
            raise ValueError("pattern has no group: put ( ) around the value")
        if self.attr and not self.css:
            raise ValueError("attr goes with css")
        return self


class Recipe(_Table):
    """One recipe: one file NAME.toml."""

    title: str = Field(min_length=1, description="Name as people know it.")
    version: str = Field("1", description="Raise it when the same mail may read differently.")
    network: str | None = Field(None, pattern=r"^[a-z][a-z0-9_]{1,30}$", description="Absent = the name of the file.")
    channel: Channel = Field("form", description="Class of the source.")
    kind: Kind = Field("request", description="What the person did.")
    trust: TrustPolicy = Field("label", description="What is asked of the sender.")
    evidence: Evidence = Field("reported", description="What the recipe rests on.")
    key: tuple[Place, ...] = Field((), description="What names the event for the sender himself, such as refs.order.")
    rest: bool = Field(True, description="Other labelled values go to `fields`.")
    match: Match = Field(description="Which mails it reads.")
    ignore: tuple[Leave, ...] = Field((), description="Mails of this sender that are no interest.")
    fields: dict[Place, Finder] = Field(min_length=1, description="Place in the card → how its value is found.")

    @model_validator(mode="before")
    @classmethod
    def _as_meant(cls, given: Any) -> Any:
        given = _listed(given, "key")
        if not isinstance(given, dict):
            return given
        more: dict[str, Any] = {}
        if isinstance(given.get("version"), int):
            more["version"] = str(given["version"])
        if isinstance(given.get("ignore"), dict):
            more["ignore"] = (given["ignore"],)
        if isinstance(given.get("fields"), dict):
            more["fields"] = dict(_placed(given["fields"]))
        return {**given, **more}

    @model_validator(mode="after")
    def _fits(self) -> "Recipe":
        missing = [place for place in self.key if place not in self.fields]
        if missing:
            raise ValueError(f"key names {', '.join(missing)}, which [fields] does not have")
        if self.key and not any(place.startswith("refs.") for place in self.key):
            raise ValueError("key needs a number that the sender gives, such as refs.order: else two requests are one")
        if always := [place for place in self.key if self.fields[place].value]:
            raise ValueError(f"key names {', '.join(always)}, which is the same in every mail: all mails would be one")
        if self.trust == "require" and not self.match.senders:
            raise ValueError('trust = "require" needs match.senders: who may speak')
        return self


def _placed(fields: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the places; author.name without quotation marks is a table in a table to TOML, and meant as well."""
    for key, value in fields.items():
        if key in _GROUPS and isinstance(value, dict):
            yield from ((f"{key}.{name}", finder) for name, finder in value.items())
        else:
            yield key, value
