"""A recipe at work: a parser like any other."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from itertools import takewhile
from typing import Any

from mailbridge.recipes.model import Finder, Leave, Match, Place, Recipe, compiled
from mailbridge.sdk import (
    Author,
    FormField,
    Ignored,
    Interest,
    Mail,
    Manifest,
    NoConfig,
    ParseError,
    Product,
    Refs,
    Reply,
    Route,
    Strength,
    TemplateChanged,
    canonical_url,
    emails_in,
    fold,
    make_interest,
    one_line,
    person_name,
    phone,
    phones_in,
    read_date,
    text_layout,
)
from mailbridge.sdk.pairs import pairs_of, split_label

_SEARCHED = 200_000
"""Characters of a mail in which a pattern is looked for."""


class RecipeParser:
    """Reads mails as a recipe says.

    Args:
        name: Of the file.
        recipe: What stands in it.
    """

    Config = NoConfig

    def __init__(self, name: str, recipe: Recipe) -> None:
        self.recipe = recipe
        match = recipe.match
        self.manifest = Manifest(
            name=name,
            title=recipe.title,
            version=recipe.version,
            evidence=recipe.evidence,
            trust=recipe.trust,
            domains=tuple(sender.rpartition("@")[2] for sender in match.senders),
        )
        self.routes = (Route("recipe", _strength(recipe), senders=match.senders, match=self._fits),)

    def parse(self, mail: Mail) -> Sequence[Interest] | Ignored:
        """Return the one interest of a mail; see `sdk.Parser`."""
        for leave in self.recipe.ignore:
            if _is_left(mail, leave):
                return Ignored(leave.reason)
        labels = _labelled(mail)
        found = {place: _found(mail, finder, labels) for place, finder in self.recipe.fields.items()}
        missing = [place for place, finder in self.recipe.fields.items() if finder.required and not found[place]]
        if missing:
            seen = ", ".join(pair.label or "" for pair in labels) or "none"
            raise TemplateChanged("recipe_field_missing", f"{', '.join(missing)} not found; labels seen: {seen}")
        return [self._interest(mail, {place: value for place, value in found.items() if value}, labels)]

    def _fits(self, mail: Mail) -> bool:
        match = self.recipe.match
        if match.subject and not compiled(match.subject).search(mail.subject[:1000]):
            return False
        if not all(compiled(value).search(mail.headers.get(name)[:2000]) for name, value in match.headers.items()):
            return False
        return _holds(mail, match.text)

    def _interest(self, mail: Mail, found: Mapping[str, str], labels: Sequence[FormField]) -> Interest:
        author = _author(found)
        recipe = self.recipe
        refs = {place.removeprefix("refs."): value for place, value in found.items() if place.startswith("refs.")}
        product = Product(name=found.get("product.name"), url=canonical_url(found.get("product.url", "")) or None)
        more: dict[str, Any] = {"author": author, "text": found.get("text"), "product": product, "refs": Refs(**refs)}
        if not (author.name or author.email or author.phones or more["text"]):
            raise ParseError("recipe_found_nothing", "no author and no text")
        used = {fold(label) for finder in recipe.fields.values() for label in finder.label}
        rest = tuple(one for one in labels if fold(one.label or "") not in used) if recipe.rest else ()
        return make_interest(
            mail,
            kind=recipe.kind,
            channel=recipe.channel,
            network=recipe.network or self.manifest.name,
            key=[part for place in recipe.key for part in (place, found.get(place, ""))] if recipe.key else None,
            url=canonical_url(found.get("source.url", "")) or None,
            title=found.get("source.title"),
            when=_moment(found.get("occurred_at"), mail),
            reply=_reply(author, found),
            rating=_rating(found.get("rating")),
            amount=_amount(found.get("amount")),
            currency=found.get("currency"),
            fields=rest,
            **more,
        )


class HeldParser(RecipeParser):
    """Keeps the mails of a recipe that can't be used from others, who would make something else of them.

    Args:
        name: Of the file.
        match: Which mails they are.
    """

    def __init__(self, name: str, match: Match) -> None:
        fields: dict[Place, Finder] = {"text": Finder(value=name)}
        super().__init__(name, Recipe(title=name, trust="off", match=match, fields=fields))

    def parse(self, mail: Mail) -> Sequence[Interest] | Ignored:  # noqa: ARG002 - as parsers have it
        """Let the mail wait."""
        raise ParseError("recipe_refused", f"{self.manifest.name}.toml can't be used: mailbridge recipes lint")


def _strength(recipe: Recipe) -> Strength:
    match = recipe.match
    signs = bool(match.subject or match.headers or match.text)
    if match.senders:
        return Strength.SENDER_AND_SIGN if signs else Strength.SENDER
    return Strength.SIGN if match.headers else Strength.WORDS


def _is_left(mail: Mail, leave: Leave) -> bool:
    if leave.subject and not compiled(leave.subject).search(mail.subject[:1000]):
        return False
    return _holds(mail, leave.text)


def _holds(mail: Mail, words: Sequence[str]) -> bool:
    return not words or all(fold(word) in _folded(mail) for word in words)


def _folded(mail: Mail) -> str:
    return fold(mail.words[:_SEARCHED])


def _labelled(mail: Mail) -> list[FormField]:
    """Return the labels with their values, of the HTML part and of lines "label: value"; a value may stand below."""
    pairs = mail.html.pairs() if mail.html else []
    words = mail.html.text if pairs else mail.text
    pairs = pairs or pairs_of(text_layout(mail.text))
    found = ((pair.label, pair.value or _below(pair.label, words)) for pair in pairs)
    return [FormField(label=one_line(label), value=value) for label, value in found if label and value]


def _below(label: str, words: str) -> str:
    """Return the lines under a label that stands alone, up to an empty line or the next label."""
    lines = [line.strip() for line in words.split("\n")]
    at = next((at for at, line in enumerate(lines) if line.rstrip(" :：*") == label and line != label), None)
    taken = takewhile(lambda line: line and not split_label(line), lines[at + 1 :] if at is not None else ())
    return "\n".join(taken)


def _found(mail: Mail, finder: Finder, labels: Sequence[FormField]) -> str:
    if finder.label:
        wanted = {fold(label).rstrip(":") for label in finder.label}
        return next((one.value for one in labels if fold(one.label or "") in wanted), "").strip()
    if finder.css:
        node = mail.html.first(finder.css) if mail.html else None
        return "" if node is None else (node.attr(finder.attr) if finder.attr else node.text).strip()
    if finder.pattern:
        where = mail.subject if finder.part == "subject" else mail.words[:_SEARCHED]
        match = compiled(finder.pattern).search(where)
        return (match[1] or "").strip() if match else ""
    return (mail.headers.get(finder.header) if finder.header else finder.value or "").strip()


def _author(found: Mapping[str, str]) -> Author:
    typed = found.get("author.phone")
    email = next(iter(emails_in(found.get("author.email", ""))), None)
    numbers = (phones_in(typed) or [phone(typed)]) if typed else []
    name = person_name(found.get("author.name", "")) or None
    return Author(name=name, email=email, phones=tuple(numbers), url=canonical_url(found.get("author.url", "")) or None)


def _reply(author: Author, found: Mapping[str, str]) -> Reply:
    if author.phones:
        return Reply(method="phone", target=author.phones[0])
    if author.email:
        return Reply(method="email", target=author.email)
    url = canonical_url(found.get("source.url", ""))
    return Reply(method="link", target=url) if url else Reply()


def _moment(value: str | None, mail: Mail) -> Any:
    if not value:
        return None
    found = read_date(value, mail.received_at)
    return found if found is not None and isinstance(found[0], datetime) else None


def _rating(value: str | None) -> int | None:
    digits = "".join(sign for sign in value or "" if sign.isdigit())[:1]
    return int(digits) if digits and 1 <= int(digits) <= 5 else None


def _amount(value: str | None) -> Decimal | None:
    try:
        return Decimal("".join(sign for sign in (value or "").replace(",", ".") if sign.isdigit() or sign == "."))
    except InvalidOperation:
        return None
