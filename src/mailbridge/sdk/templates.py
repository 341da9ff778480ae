"""Templates of the configuration: a card's values in texts and JSON, in a sandbox (jinja2).

A template is checked when the configuration is read: a name that no interest has is a problem there, not in the middle
of a delivery. What visitors wrote is only ever a value: it is never read as a template.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any, cast

from jinja2 import StrictUndefined, TemplateError, Undefined, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mailbridge.sdk.card import (
    CARD_PATHS,
    FORM_FIELD,
    card_text,
    card_title,
    fit,
    name_or_address,
    split_name,
    value_at,
)
from mailbridge.sdk.card_words import WordTable, card_word
from mailbridge.sdk.interest import Interest
from mailbridge.sdk.output import html_text
from mailbridge.sdk.sink import Delivery
from mailbridge.sdk.text import one_line
from mailbridge.sdk.translations import Language

LONGEST_CARD = 30_000
"""Characters of `{{ card }}`; `{{ card_within(9000) }}` takes less and keeps a share of every part."""

_LISTS = {"fields", "attachments"}
_MADE = (
    "key", "step_key", "assignee", "asap", "title", "card", "card_within", "first_name", "last_name", "who", "phone",
    "field", "word", "interest", "reply_text",
)  # fmt: skip
"""Names that a template has besides the parts of an interest; see `template_values`."""

CONDITION = "$if"
"""Key of a table of a structure that says whether the table is there at all."""

Values = Mapping[str, Any]


class BadTemplate(ValueError):  # noqa: N818 - says what is known
    """A template can't be used; the text says why."""


class Template:
    """A text with `{{ author.name }}` and `{% if … %}` in it.

    Args:
        source: The text.
        known: Names that may be used besides those of `template_values`.
        escape: Makes every printed value harmless in the CRM's own markup; the template's own text stays as it is.

    Raises:
        BadTemplate: It can't be read, or uses a name that no interest has.
    """

    def __init__(self, source: str, *, known: tuple[str, ...] = (), escape: Callable[[str], str] | None = None) -> None:
        self.source = source
        self._template, self._value = _compiled(source, known, escape)

    def text(self, values: Values) -> str:
        """Return the text; what is unknown is the empty text.

        Raises:
            BadTemplate: It can't be worked out for these values.
        """
        try:
            return str(self._template.render(values))
        except Exception as error:  # noqa: BLE001 - an expression may fail in any way; it is the configuration's fault
            raise BadTemplate(f"{self.source!r}: {error}") from None

    def value(self, values: Values) -> Any:
        """Return a value: of a template that is one expression as it is (number, list, None), of any other its text.

        Raises:
            BadTemplate: It can't be worked out for these values.
        """
        if self._value is None:
            return self.text(values)
        try:
            result = self._value(values)
        except Exception as error:  # noqa: BLE001 - as in `text`
            raise BadTemplate(f"{self.source!r}: {error}") from None
        if isinstance(result, Undefined):
            raise BadTemplate(f"{self.source!r}: a name in it is not known")
        return result

    def __repr__(self) -> str:
        return f"Template({self.source!r})"


def template_values(delivery: Delivery, language: Language) -> dict[str, Any]:
    """Return what templates may use of a delivery.

    All parts of an interest under their names (`author.name`, `source.url`, `text`, `fields`, …), unknown = None,
    times in RFC 3339. Made for cards: `title` (what, where, who), `card` (the whole card as text), `card_within(9000)`
    (the same in so many characters), `first_name`, `last_name`, `who` (name, else an address), `phone` (the first),
    `key` and `step_key("note")`, `assignee` (the CRM's user, None where nobody is assigned) and `asap` (for whoever is
    first), `field("City")` (a form field by its label), `word("kind")` (kind, channel or network in words),
    `reply_text` (the ready reply, None where there is none).
    """
    interest, ready = delivery.interest, delivery.reply_text
    first, last = split_name(interest.author.name or "")
    values: dict[str, Any] = interest.to_json()
    return values | {
        "interest": values,
        "assignee": None if delivery.responsible == "asap" else delivery.responsible,
        "asap": delivery.responsible == "asap",
        "key": delivery.key,
        "step_key": delivery.step_key,
        "title": card_title(interest, language),
        "card": card_text(interest, language, marker=delivery.key, most=LONGEST_CARD, reply_text=ready),
        "card_within": lambda most: card_text(
            interest, language, marker=delivery.key, most=max(2000, int(most)), reply_text=ready
        ),
        "reply_text": ready,
        "first_name": first or None,
        "last_name": last or None,
        "who": name_or_address(interest.author) or card_word("label", "somebody", language),
        "phone": next(iter(interest.author.phones), None),
        "field": lambda label: value_at(interest, FORM_FIELD + str(label)),
        "word": lambda what: _word(interest, str(what), language),
    }


def compile_structure(value: Any, *, known: tuple[str, ...] = ()) -> Any:
    """Return a structure of tables and lists in which every text is a `Template`; keys that hold `{{` are, too.

    Raises:
        BadTemplate: One of them can't be used.
    """
    if isinstance(value, str):
        return Template(value, known=known)
    if isinstance(value, Mapping):
        return {_compiled_key(key, known): compile_structure(one, known=known) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [compile_structure(one, known=known) for one in value]
    return value


def fill_structure(value: Any, values: Values) -> Any:
    """Return a compiled structure as JSON; a key or an element whose value is None is left out.

    A table with the key `$if` is left out when that value is empty; a key that comes out empty is left out.

    Raises:
        BadTemplate: A template can't be worked out for these values.
    """
    if isinstance(value, Template):
        return value.value(values)
    if isinstance(value, Mapping):
        if CONDITION in value and not fill_structure(value[CONDITION], values):
            return None
        filled = {_filled_key(key, values): fill_structure(one, values) for key, one in value.items()}
        return {key: one for key, one in filled.items() if one is not None and key not in {CONDITION, ""}}
    if isinstance(value, list):
        return [one for one in (fill_structure(one, values) for one in value) if one is not None]
    return value


def _compiled_key(key: str, known: tuple[str, ...]) -> "str | Template":
    return Template(key, known=known) if "{{" in key else key


def _filled_key(key: "str | Template", values: Values) -> str:
    return key.text(values) if isinstance(key, Template) else key


def _word(interest: Interest, what: str, language: Language) -> str:
    names = {"kind": interest.kind, "channel": interest.source.channel, "network": interest.source.network}
    if what not in names:
        raise ValueError(f'word() takes "kind", "channel" or "network", not {what!r}')
    return card_word(cast("WordTable", what), names[what], language)


class _Sandbox(ImmutableSandboxedEnvironment):
    """Unknown parts of an interest print as nothing; names that do not exist raise."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or isinstance(left, (str, list, tuple)) or isinstance(right, (str, list, tuple)):
            raise ValueError(f"{operator} is not for templates: a result may be of any size")
        return super().call_binop(context, operator, left, right)


@lru_cache(maxsize=2048)
def _compiled(source: str, known: tuple[str, ...], escape: Callable[[str], str] | None) -> tuple[Any, Any]:
    """Return the compiled text, and the expression that it is, if it is one; each is compiled once for all workers."""
    env = _environment(escape)
    try:
        tree = env.parse(source)
        template = env.from_string(source)
    except TemplateError as error:
        raise BadTemplate(f"{source!r} is no template: {error}") from None
    _check_names(tree, source, known)
    expression = _single_expression(tree, source)
    return template, env.compile_expression(expression, undefined_to_none=False) if expression else None


@cache
def _environment(escape: Callable[[str], str] | None) -> _Sandbox:
    def shown(value: Any) -> Any:
        if value is None:
            return ""
        text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value
        return escape(str(text)) if escape and not isinstance(text, Undefined) else text

    env = _Sandbox(undefined=StrictUndefined, finalize=shown, autoescape=False, keep_trailing_newline=True)
    env.globals.clear()
    env.filters |= FILTERS
    return env


def _fit(value: Any, most: int) -> str | None:
    return None if value is None else fit(str(value), most)


def _line(value: Any) -> str | None:
    return None if value is None else one_line(str(value))


def _number(value: Any) -> Any:
    """Return the number that a text of digits is; anything else as it is, such as a placeholder of a plan."""
    return int(value) if re.fullmatch(r"-?[0-9]{1,18}", str(value)) else value


def _epoch(moment: Any) -> int | None:
    """Return Unix seconds of a moment in RFC 3339."""
    return None if moment is None else int(datetime.fromisoformat(str(moment)).timestamp())


def _after(moment: Any, seconds: float) -> str | None:
    return None if moment is None else (datetime.fromisoformat(str(moment)) + timedelta(seconds=seconds)).isoformat()


def _html(value: Any) -> str | None:
    return None if value is None else html_text(str(value)).replace("\n", "<br>")


FILTERS = {"fit": _fit, "line": _line, "number": _number, "epoch": _epoch, "after": _after, "html": _html}
"""What templates have besides jinja2's own filters: `text | fit(255)`, `… | line` (on one line), `ids.lead | number`,
`occurred_at | epoch` (Unix seconds), `mail.received_at | after(3600)`, `card | html` (escaped, line breaks kept)."""


def _single_expression(tree: nodes.Template, source: str) -> str | None:
    """Return the expression of a template that is nothing else."""
    match tree.body:
        case [nodes.Output(nodes=[node])] if not isinstance(node, nodes.TemplateData):
            inside = re.fullmatch(r"\s*\{\{[-+]?(.*?)[-+]?\}\}\s*", source, re.DOTALL)
            return inside[1] if inside else None
    return None


def _check_names(tree: nodes.Template, source: str, known: tuple[str, ...]) -> None:
    if any(True for _ in meta.find_referenced_templates(tree)):
        raise BadTemplate(f"{source!r} takes in another template, and there are none")
    tops = {path.split(".")[0] for path in CARD_PATHS} | _LISTS | {"schema"}
    allowed = tops | set(_MADE) | set(known)
    for name in sorted(meta.find_undeclared_variables(tree)):
        if name not in allowed:
            raise BadTemplate(f"{source!r} names {name!r}, which no interest has{_near(name, allowed)}")
    own = meta.find_undeclared_variables(tree) & tops
    for path in _paths(tree):
        if path.split(".")[0] in own and not _exists(path):
            raise BadTemplate(f"{source!r} names {path!r}, which no interest has{_near(path, CARD_PATHS)}")


def _near(word: str, known: Any) -> str:
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def _exists(path: str) -> bool:
    return path in CARD_PATHS or any(one.startswith(f"{path}.") for one in CARD_PATHS)


def _paths(tree: nodes.Template) -> Iterator[str]:
    """Yield the dotted paths that begin with a name, such as "author.name"; the longest of each chain."""
    inner = {id(node.node) for node in tree.find_all(nodes.Getattr)}
    for node in tree.find_all(nodes.Getattr):
        if id(node) in inner:
            continue
        parts, at = [], cast("nodes.Node", node)
        while isinstance(at, nodes.Getattr):
            parts.append(at.attr)
            at = at.node
        if isinstance(at, nodes.Name):
            yield ".".join([at.name, *reversed(parts)])
