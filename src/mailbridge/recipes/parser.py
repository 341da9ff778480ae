"""A recipe at work: a parser like any other."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mailbridge.recipes.finding import Labels, label_key, labelled
from mailbridge.recipes.model import Finder, Leave, Match, Place, Recipe, compiled
from mailbridge.recipes.values import value_of
from mailbridge.sdk import (
    Address,
    Author,
    FormField,
    Ignored,
    Interest,
    Mail,
    Manifest,
    NoConfig,
    Pair,
    ParseError,
    Product,
    Refs,
    Reply,
    Route,
    Strength,
    TemplateChanged,
    canonical_url,
    fold,
    make_interest,
    one_line,
)

_WORD = re.compile(r"[^\W\d_]{2,}")
_ESCAPE = re.compile(r"\\\w|\(\?[\w:<>!=-]*")
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
        self._labels = Labels(
            {label_key(one): place == "text" for place, finder in recipe.fields.items() for one in finder.label}
        )
        self.routes = (Route("recipe", _strength(recipe), senders=match.senders, match=self._fits),)

    def parse(self, mail: Mail) -> Sequence[Interest] | Ignored:
        """Return the one interest of a mail; see `sdk.Parser`."""
        if leave := self.left(mail):
            return Ignored(leave.reason)
        pairs = self.labels(mail)
        self._require_one_author(pairs)
        given = self.given(mail, pairs)
        missing = [place for place, finder in self.recipe.fields.items() if finder.required and given[place] is None]
        if missing:
            seen = ", ".join(one_line(pair.label) for pair in pairs) or "none"
            raise TemplateChanged("recipe_field_missing", f"{', '.join(missing)} not found; labels seen: {seen}")
        known = {place: value for place, value in given.items() if value is not None}
        return [self._interest(mail, known, self._rest(pairs, known))]

    def labels(self, mail: Mail) -> list[Pair]:
        """Return the labels of a mail with their values."""
        return labelled(mail, self._labels)

    def words(self) -> Iterator[str]:
        """Yield the domains and words that this recipe knows its mails by, folded: nobody's secret."""
        for sender in self.recipe.match.senders:
            yield from filter(None, sender.rpartition("@")[::2])
        asked = [self.recipe.match, *self.recipe.ignore, *self.recipe.fields.values()]
        texts = [text for one in asked for name in ("label", "text", "value") for text in _strings(one, name)]
        patterns = [text for one in asked for name in ("subject", "pattern") for text in _strings(one, name)]
        patterns += self.recipe.match.headers.values()
        yield from _WORD.findall(
            fold(" ".join([self.recipe.title, *texts, *(_ESCAPE.sub(" ", pattern) for pattern in patterns)]))
        )

    def left(self, mail: Mail) -> Leave | None:
        """Return which part of [[ignore]] names a mail, None when it is an interest."""
        return next((leave for leave in self.recipe.ignore if _is_left(mail, leave)), None)

    def lacks(self, mail: Mail) -> Iterator[str]:
        """Yield what of [match] a mail does not have; nothing when the recipe is about it."""
        match = self.recipe.match
        if match.senders and not any(_is_from(address, match.senders) for address in mail.senders):
            yield f"it is from {mail.sender.email or 'nobody'}, not from {', '.join(match.senders)}"
        if match.subject and not compiled(match.subject).search(mail.subject[:1000]):
            yield f"its subject has no {match.subject}"
        for name, value in match.headers.items():
            if not compiled(value).search(mail.headers.get(name)[:2000]):
                yield f"its header field {name} has no {value}"
        yield from (f'it does not say "{word}"' for word in match.text if not _holds(mail, [word]))

    def found(self, mail: Mail, place: Place) -> str:
        """Return what is found for a place as the mail has it, "" for nothing."""
        return _found(mail, place, self.recipe.fields[place], self.labels(mail))

    def given(self, mail: Mail, pairs: Sequence[Pair] | None = None) -> dict[Place, Any]:
        """Return what stands in each place of the card, None where nothing was found that could stand there."""
        pairs = self.labels(mail) if pairs is None else pairs
        finders = self.recipe.fields.items()
        return {place: value_of(place, _found(mail, place, finder, pairs), mail) for place, finder in finders}

    def _require_one_author(self, pairs: Sequence[Pair]) -> None:
        """What a visitor wrote may look like a line of the form: then nobody can tell which of the two it is.

        Raises:
            ParseError: A label of the author stands twice, with different values.
        """
        for place, finder in self.recipe.fields.items():
            wanted = {label_key(label) for label in finder.label} if place.startswith("author.") else ()
            values: dict[str, set[str]] = {}
            for pair in pairs:
                if pair.value and label_key(pair.label) in wanted:
                    values.setdefault(label_key(pair.label), set()).add(fold(pair.value))
            if twice := [label for label, different in values.items() if len(different) > 1]:
                raise ParseError("recipe_field_twice", f"{place}: {', '.join(twice)} has two different values")

    def _rest(self, pairs: Sequence[Pair], known: Mapping[Place, Any]) -> tuple[FormField, ...]:
        """Return what has a label and no place, also what could not be read as what its place needs."""
        if not self.recipe.rest:
            return ()
        used = {label_key(label) for place in known for label in self.recipe.fields[place].label}
        taken = {fold(value) for value in known.values() if isinstance(value, str)}
        text = fold(known.get("text", ""))
        return tuple(
            FormField(label=one_line(pair.label), value=pair.value)
            for pair in pairs
            if pair.label and pair.value and label_key(pair.label) not in used
            if fold(pair.value) not in taken and not (text and _overlap(text, fold(pair.value)))
        )

    def _fits(self, mail: Mail) -> bool:
        match = self.recipe.match
        if match.subject and not compiled(match.subject).search(mail.subject[:1000]):
            return False
        if not all(compiled(value).search(mail.headers.get(name)[:2000]) for name, value in match.headers.items()):
            return False
        return _holds(mail, match.text)

    def _interest(self, mail: Mail, known: Mapping[Place, Any], rest: tuple[FormField, ...]) -> Interest:
        recipe = self.recipe
        author = Author(
            name=known.get("author.name"),
            email=known.get("author.email"),
            phones=known.get("author.phone", ()),
            url=known.get("author.url"),
        )
        if not (author.name or author.email or author.phones or known.get("text")):
            raise ParseError("recipe_found_nothing", "no author and no text")
        refs = {place.removeprefix("refs."): value for place, value in known.items() if place.startswith("refs.")}
        amount, currency = known.get("amount", (None, None))
        return make_interest(
            mail,
            kind=recipe.kind,
            channel=recipe.channel,
            network=recipe.network or self.manifest.name,
            key=self._key(known),
            url=known.get("source.url"),
            title=known.get("source.title"),
            when=known.get("occurred_at"),
            author=author,
            text=known.get("text"),
            product=Product(name=known.get("product.name"), url=known.get("product.url")),
            reply=_reply(author, known.get("source.url")),
            rating=known.get("rating"),
            amount=amount,
            currency=known.get("currency") or currency,
            refs=Refs(**refs),
            fields=rest,
        )

    def _key(self, known: Mapping[Place, Any]) -> list[str] | None:
        """Return what names the event; where a mail does not have all of it, it names nothing: two stay two."""
        places = self.recipe.key
        if not places or not all(known.get(place) for place in places):
            return None
        return [part for place in places for part in (place, str(known[place]))]


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


def _overlap(text: str, value: str) -> bool:
    """Whether a value is the text, seen by its label and ended elsewhere."""
    return text in value or text.startswith(value + " ")


def _strings(table: object, name: str) -> tuple[str, ...]:
    value = getattr(table, name, None) or ()
    return (value,) if isinstance(value, str) else tuple(value)


def _is_from(address: Address, senders: Sequence[str]) -> bool:
    return any(address.email == one if "@" in one else address.is_of(one) for one in senders)


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


def _found(mail: Mail, place: Place, finder: Finder, pairs: Sequence[Pair]) -> str:
    """Return what is found for a place as the mail has it, "" for nothing."""
    if finder.label:
        wanted = {label_key(label) for label in finder.label}
        pair = next((one for one in pairs if label_key(one.label) in wanted and one.value), None)
        if pair is None:
            return ""
        is_link = place.endswith(".url") and pair.href and not canonical_url(pair.value)
        return pair.href if is_link else pair.value.strip()
    if finder.css:
        node = mail.html.first(finder.css) if mail.html else None
        return "" if node is None else (node.attr(finder.attr) if finder.attr else node.text).strip()
    if finder.pattern:
        where = mail.subject if finder.part == "subject" else mail.words[:_SEARCHED]
        match = compiled(finder.pattern).search(where)
        return (match[1] or "").strip() if match else ""
    return (mail.headers.get(finder.header) if finder.header else finder.value or "").strip()


def _reply(author: Author, url: str | None) -> Reply:
    if author.phones:
        return Reply(method="phone", target=author.phones[0])
    if author.email:
        return Reply(method="email", target=author.email)
    return Reply(method="link", target=url) if url else Reply()
