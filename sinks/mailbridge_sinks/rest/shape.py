"""The tables of [sinks.NAME] that describe requests and what their answers mean."""

import re
from typing import Annotated, Any, Literal, Self

import jmespath
from jinja2 import Environment, meta
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from mailbridge.sdk import BadTemplate, Template, compile_structure

OWN_NAMES = ("settings", "ids", "token", "readable", "items", "keys", "id")
"""What templates of this sink may use besides the parts of a delivery."""

Means = Literal["created", "present", "nothing", "later", "never", "no_user", "doubt", "unusable"]


class Table(BaseModel):
    """Frozen, and without the values in its errors: they may be secrets."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _is_template(value: Any) -> Any:
    try:
        compile_structure(value, known=OWN_NAMES)
    except BadTemplate as error:
        raise ValueError(str(error)) from None
    return value


def _is_query(value: str) -> str:
    try:
        if value:
            jmespath.compile(value)
    except JMESPathError as error:
        raise ValueError(f"{value!r} is no JMESPath expression: {' '.join(str(error).split())}") from None
    return value


def _is_expression(value: str) -> str:
    if value:
        try:
            Template(f"{{{{ {value} }}}}", known=OWN_NAMES)
        except BadTemplate as error:
            raise ValueError(str(error)) from None
    return value


def _is_status(value: str) -> str:
    if not re.fullmatch(r"[1-5]([0-9]{2}|xx)", value):
        raise ValueError(f"{value!r} is no HTTP status: write 409, or 4xx for all of them")
    return value


def names_in(value: Any) -> set[str]:
    """Return the names that the templates of a structure use."""
    if isinstance(value, str):
        return set(meta.find_undeclared_variables(_JINJA.parse(value)))
    if isinstance(value, dict):
        return set().union(*(names_in(key) | names_in(one) for key, one in value.items()))
    return set().union(*map(names_in, value)) if isinstance(value, (list, tuple)) else set()


def for_many(*structures: Any, names: frozenset[str]) -> set[str]:
    """Return the names that a request for many deliveries uses.

    Raises:
        ValueError: One of them is of a single delivery: only the first would be meant.
    """
    used = names_in(list(structures))
    if wrong := sorted(used - names):
        raise ValueError(f"batch: a request for many deliveries has no {', '.join(wrong)}; put it into item")
    return used


_JINJA = Environment(autoescape=False)  # noqa: S701 - parses only
BATCH_NAMES = frozenset({"settings", "items", "token"})

Text = Annotated[str, AfterValidator(_is_template)]
"""A template that gives a text."""
Structure = Annotated[Any, AfterValidator(_is_template)]
"""JSON whose texts are templates."""
Query = Annotated[str, AfterValidator(_is_query)]
"""A JMESPath expression (jmespath.org) on the JSON of an answer."""
Expression = Annotated[str, AfterValidator(_is_expression)]
"""An expression as it stands inside `{{ }}`; empty = true."""
Status = Annotated[str, BeforeValidator(str), AfterValidator(_is_status)]


class AnswerRule(Table):
    """What one kind of answer means; the first rule that fits counts."""

    status: tuple[Status, ...] = Field((), description='Statuses it is about, such as ["409", "5xx"]; empty = all.')
    when: Query = Field("", description="JMESPath that must be true of the body; empty = any body.")
    means: Means = Field(
        description="created, present (it was there already), nothing (a search found nothing), later (not written), "
        "never (a person decides), no_user (the assignee is gone: somebody else gets it), doubt (perhaps written), "
        "unusable (credentials, rights, set-up)."
    )
    after_s: float | None = Field(
        None, gt=0, le=86_400, description="later: seconds to wait; absent = as the API says."
    )
    after: Query = Field("", description="later: JMESPath of the seconds to wait; else Retry-After.")
    pause: bool = Field(True, description="later: the whole account waits; false = this delivery only.")
    id: Query = Field("", description="created, present: JMESPath of the id, where it differs from the step's.")
    reason: Query = Field("", description="JMESPath of the words for people.")


class Request(Table):
    """A request that reads."""

    method: Literal["GET", "POST"] = Field("GET", description="HTTP method.")
    path: Text = Field(description="Path below url; a template, whose values are percent-encoded.")
    params: dict[str, Structure] = Field({}, description="Query parameters; templates.")
    body: Structure = Field(None, description="JSON body; its texts are templates.")
    rows: Query = Field("@", description="JMESPath of the list of found objects.")
    id: Query = Field("id", description="JMESPath of the id in a found object.")
    whole: Query = Field(
        "",
        description='JMESPath that is true when the answer lists all, such as "!next"; empty = it always does.',
    )
    next: Query = Field(
        "",
        description='JMESPath of the next page: its address, or with next_name its mark, such as "paging.next.after".',
    )
    next_name: str = Field("", description="Query parameter (POST: key of the body) that takes the mark of a page.")
    nothing: tuple[Status, ...] = Field((), description='Statuses that say "there is none", such as ["404"].')


class Search(Request):
    """How objects of a step are found again by their key; without it a doubt goes to a person."""

    key: Query = Field(description="JMESPath of our key in a found object; compared in code.")
    inside: bool = Field(False, description="The key is a part of that text, such as a line of a note.")
    exact: bool = Field(
        True, description="The API filters by the key itself: other objects in the answer mean that it did not."
    )
    batch: int = Field(1, ge=1, le=100, description="Keys per request: the templates have the list keys, or items.")
    item: Structure = Field(None, description="With batch: what stands in items for each key.")

    @model_validator(mode="after")
    def _asks_for_all(self) -> Self:
        if self.batch > 1:
            used = for_many(self.path, self.params, self.body, names=BATCH_NAMES | {"keys"})
            if not used & {"keys", "items"}:
                raise ValueError("batch: the request names neither keys nor items, so that it asks for none of them")
        return self


class Look(Request):
    """How a person who is there already is found before one is made."""

    when: Expression = Field("", description='Only when this is there, such as "author.email".')
    value: Structure = Field(description='What is compared, such as "{{ author.email }}".')
    compare: Query = Field(description="JMESPath of the value, or the list of values, in a found object.")


class FailedRows(Table):
    """Where an answer to a batch lists what was refused."""

    rows: Query = Field(description="JMESPath of the list.")
    key: Query = Field(description="JMESPath of our key in a refused element.")
    reason: Query = Field("message", description="JMESPath of the words for people.")
    later: Query = Field("", description="JMESPath that is true where it may be tried again.")
    no_user: Query = Field("", description="JMESPath that is true where the assignee is gone.")


class Step(Table):
    """One request of a delivery, and the object it makes."""

    method: Literal["POST", "PUT", "PATCH"] = Field("POST", description="HTTP method.")
    path: Text = Field(description="Path below url; a template, whose values are percent-encoded.")
    params: dict[str, Structure] = Field({}, description="Query parameters; templates.")
    headers: dict[str, Text] = Field({}, description="Headers; templates.")
    body: Structure = Field(description="JSON body; its texts are templates.")
    when: Expression = Field("", description="Deliveries that need the step; empty = all.")
    batch: int = Field(1, ge=1, le=100, description="Deliveries per request; more than 1 with item.")
    item: Structure = Field(None, description="With batch: what stands in items for each delivery.")
    rows: Query = Field("", description="With batch: JMESPath of the list of results in the answer.")
    row_key: Query = Field("", description="With batch: JMESPath of our key in a result; empty = results are in order.")
    failed: FailedRows | None = Field(None, description="With batch: where the answer lists what was refused.")
    id: Query = Field("id", description="JMESPath of the object's id in the answer (or result); empty = it has none.")
    created: Query = Field("", description="JMESPath that is true when the object is new; empty = it always is.")
    page: Text = Field("", description="Address where a person sees the object; a template with id.")
    idempotency_header: str = Field("", description="Header that carries the step's key.")
    idempotent: Expression = Field(
        "false",
        description="True where the API itself never makes two objects of one key, for ever: it may be repeated.",
    )
    answers: tuple[AnswerRule, ...] = Field((), description="What answers mean, before the sink's own rules.")
    search: Search | None = Field(None, description="How its objects are found by key.")
    look: tuple[Look, ...] = Field((), description="How an object that serves as well is found before one is made.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.batch > 1 and (self.item is None or not self.rows):
            raise ValueError("batch needs item (one delivery in the body) and rows (the results in the answer)")
        if self.batch == 1 and self.item is not None:
            raise ValueError("item needs batch = 2 or more")
        if self.batch > 1:
            for_many(self.path, self.params, self.headers, self.body, names=BATCH_NAMES)
            if self.idempotency_header:
                raise ValueError("batch: one idempotency_header can't carry the keys of many deliveries")
        return self


class Check(Request):
    """A request that proves a part of the set-up."""

    when: Expression = Field("", description="Only when this is there.")
    need: Text = Field("", description="JMESPath that must be true of the answer; a template. rows is not used.")
    fine: tuple[Status, ...] = Field((), description='Statuses that prove it besides 2xx, such as ["405"].')
    say: Text = Field("", description="What is wrong and what to click, when it is not.")


class Hmac(Table):
    """How requests are signed."""

    header: str = Field("X-Signature", description="Header of the signature.")
    algorithm: Literal["sha1", "sha256", "sha512"] = Field("sha256", description="Hash.")
    encoding: Literal["hex", "base64"] = Field("hex", description="How the signature is written.")
    signed: str = Field("{body}", description="What is signed: {body}, {timestamp}, {method}, {path} (with query).")
    value: str = Field("{signature}", description='The header\'s value, such as "sha256={signature}".')
    timestamp_header: str = Field("", description="Header of the Unix seconds; empty = none.")

    @model_validator(mode="after")
    def _known_names(self) -> Self:
        known = {"signed": {"body", "timestamp", "method", "path"}, "value": {"signature", "timestamp"}}
        for field, names in known.items():
            unknown = set(re.findall(r"\{(.*?)\}", getattr(self, field))) - names
            if unknown:
                raise ValueError(f"{field} names {', '.join(sorted(unknown))}; it may name {', '.join(sorted(names))}")
        if "{signature}" not in self.value:
            raise ValueError("value must hold {signature}")
        return self
