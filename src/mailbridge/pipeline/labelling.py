"""Which product an interest is about, how urgent it is, and which labels it gets: rules of the configuration. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from mailbridge.pipeline.parsing import Reading
from mailbridge.pipeline.when import Rules, Words, any_holds
from mailbridge.pipeline.wording import Wording, forget_dictionaries, wording_of
from mailbridge.sdk import Interest, fold

PRIORITIES = ("low", "normal", "high", "urgent")

URGENT = frozenset({"high", "urgent"})
"""Priorities with which somebody should look at once."""

MOST_URGENT = "urgent"
"""The priority that people are told of at once, whatever the label."""

Priority = Literal["low", "normal", "high", "urgent"]

COMPLAINT = "complaint"
"""The label that people are told of at once."""

_NOT_DONE = (
    "прийти", "приехать", "привезти", "доставить", "отправить", "получить", "вернуть", "ответить", "позвонить",
    "перезвонить", "поступить", "дождаться",
)  # fmt: skip
_NOBODY_DOES = ("отвечать", "ответить", "звонить", "позвонить", "перезванивать", "перезвонить", "приехать")

COMPLAINT_WORDS = (
    "жалоба", "жаловаться", "пожаловаться", "претензия", "досудебный", "исковой", "право потребителя", "обман",
    "обмануть", "обманывать", "обманщик", "мошенник", "мошенничество", "жулик", "=кидала", "=кидалы", "враньё",
    "развод на деньги", "это развод", "вернуть деньги", "деньги назад", "вернуть средства", "вернуть предоплату",
    "вернуть аванс", "вернуть оплату", "возврат денег", "возврат средств", "возврат предоплаты", "возместить",
    "компенсация ущерба", "компенсация вреда", "списать деньги", "бракованный", "заводской брак", "прийти брак",
    "приехать брак", "прислать брак", "привезти брак", "продать брак", "сломаться", "испортить", "повреждённый товар",
    "повредить товар", "прийти повреждённый", "прислать не тот", "привезти не тот", "прийти не тот", "прислать не то",
    "привезти не то", "не тот товар", "не работает", "перестать работать", "перестать включаться",
    "не отвечать на звонки", "не отвечать на сообщения", "не отвечать на письма", "не брать трубку", "не дозвониться",
    "невозможно дозвониться", "=игнорируете", "=игнорируют", "ужасный", "=ужас", "отвратительный", "отвратительно",
    "кошмар", "безобразие", "позор", "издевательство", "наглость", "халтура", "худш*", "хамство", "хамить",
    "нахамить", "грубить", "нагрубить", "отвратный", "навязать", "отказываться вернуть", "отказываться возвращать",
    "отказываться принимать", "отказаться вернуть", "=обещали не", "=обещал не", "=обещала не", "где мой заказ",
    "где мои деньги", "менеджер не отвечать", "разочаровать", "разочарование", "недоволен", "не =доволен",
    "не =довольна", "не =довольны", "недовольный", "возмутить", "возмущённый", "возмущение", "возмутительный",
    "роспотребнадзор", "прокуратура", "подать в суд", "обратиться в суд", "пойти в суд", "не рекомендовать",
    "не советовать", "не =посоветую", "больше никогда", "никогда больше",
    *(f"{late} не {verb}" for late in ("так и", "до сих пор") for verb in _NOT_DONE),
    *(f"никто не {verb}" for verb in _NOBODY_DOES), "complaint", "complain", "refund", "money back", "scam", "fraud",
    "rip off", "cheated", "overcharged", "unacceptable", "disgusting", "horrible", "terrible", "awful", "appalling",
    "worst", "rude", "poor service", "bad service", "poor quality", "waste of money", "disappointed", "unhappy",
    "dissatisfied", "defective", "is broken", "was broken", "are broken", "were broken", "arrived broken",
    "came broken", "broke down", "arrived damaged", "was damaged", "came damaged", "damaged item", "damaged goods",
    "does not work", "doesn t work", "not working", "isn t working", "stopped working", "never arrived",
    "not arrived", "did not arrive", "didn t arrive", "hasn t arrived", "never received", "not received",
    "didn t receive", "haven t received", "still waiting", "been waiting", "nobody called", "no one called",
    "nobody answers", "no one answers", "lawsuit", "sue you", "never again", "do not recommend", "don t recommend",
)  # fmt: skip
"""What people say who complain, in Russian and English; each word in all its forms."""

_TERRIBLY = (
    "нравиться", "понравиться", "красивый", "рад", "вкусный", "интересный", "удобный", "хороший", "довольный",
    "приятный", "милый", "любить", "хотеть", "хотеться", "смешной",
)  # fmt: skip

NO_COMPLAINT_WORDS = (
    "не =работаете", "не =работаем", "не =работаешь", "не =рекомендуете", "не =порекомендуете", "не =советуете",
    "не =посоветуете", "=возможен возврат", "=возможно вернуть", "=можно вернуть", "=ли возврат", "=ли вернуть",
    "условие возврата", "возврат денег =если", "вернуть деньги =если", "старый сломаться", "сломаться нужный новый",
    "жалобный книга", *(f"=ужасно {pleased}" for pleased in _TERRIBLY), "защита мошенник", "страховка мошенничество",
    "refund policy", "refund =if", "=can get refund", "money back guarantee", "fraud prevention", "fraud protection",
    "=if defective", "=you not working", "old broken", "worst case", "at worst",
    *(f"{very} {pleased}" for very in ("=terribly", "=awfully") for pleased in ("nice", "good", "sorry", "happy")),
)  # fmt: skip
"""In which the same words are no complaint."""

LOW_RATING = 2


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _spoken(phrases: tuple[str, ...]) -> tuple[str, ...]:
    for phrase in phrases:
        if not any(sign.isalpha() for sign in phrase):
            raise ValueError(f"{phrase!r} has no word in it")
    return phrases


def _linked(starts: tuple[str, ...]) -> tuple[str, ...]:
    for start in starts:
        if not re.match(r"(?:https?://)?[^\s/]+\.[^\s/]", start):
            raise ValueError(f"{start!r} is no beginning of a link: write https://shop.example/stoves/")
    return starts


Phrases = Annotated[Words, AfterValidator(_spoken)]
Starts = Annotated[Words, AfterValidator(_linked)]


class LabelRule(_Table):
    """A label for interests of some kind, and how urgent they are."""

    words: Phrases = Field((), description="Words or phrases of the text, found in all their forms; * = any ending.")
    unless_words: Phrases = Field((), description="Phrases in which those words do not count; written like words.")
    max_rating: int | None = Field(None, ge=1, le=5, description="Also reviews with at most so many stars.")
    when: Rules = Field((), description="Only, or without words just, interests of which this is true; keys as there.")
    priority: Priority | None = Field(None, description="low, normal, high or urgent; the highest of all rules counts.")
    off: bool = Field(False, description="Take no notice of this rule; switches off one that is there by default.")


class ProductRule(_Table):
    """A product, where the mail itself names none."""

    name: str = Field(min_length=1, description="Its name, as the CRM and reports show it.", examples=["Brick stoves"])
    url: str | None = Field(None, description="Its page.", examples=["https://stoves.example/bricks/"])
    links: Starts = Field((), description="How links to it begin: page of the product, place, or form.")
    sources: Words = Field((), description="Names of groups, forms or sites that are about it, whole.")
    words: Phrases = Field((), description="Words or phrases of the text, found in all their forms; * = any ending.")
    replaces: bool = Field(False, description="Also where the mail names a product itself.")


DEFAULT_LABELS: Mapping[str, LabelRule] = {
    COMPLAINT: LabelRule(
        words=COMPLAINT_WORDS, unless_words=NO_COMPLAINT_WORDS, max_rating=LOW_RATING, priority="high"
    ),
}
"""In force; a table of the same name in the configuration changes what it names."""


def merged(name: str, rule: LabelRule) -> LabelRule:
    """Return a rule of the configuration over the one that is there by default; its words keep their false friends."""
    default = DEFAULT_LABELS.get(name)
    if default is None:
        return rule
    given = {key: getattr(rule, key) for key in rule.model_fields_set}
    if "words" in given:
        return LabelRule.model_validate({"max_rating": default.max_rating, "priority": default.priority, **given})
    if "unless_words" in given:
        given["unless_words"] = (*default.unless_words, *rule.unless_words)
    return default.model_copy(update=given)


def _limited(rules: dict[str, LabelRule]) -> dict[str, LabelRule]:
    for name, given in rules.items():
        rule = merged(name, given)
        if not (rule.off or rule.words or rule.max_rating is not None or rule.when):
            raise ValueError(f"{name} would be the label of everything: give it words, max_rating or when")
    return rules


def _named(rules: dict[str, ProductRule]) -> dict[str, ProductRule]:
    for name, rule in rules.items():
        if not (rule.links or rule.sources or rule.words):
            raise ValueError(f"{name} would never be found: give it links, sources or words")
    return rules


LabelRules = Annotated[dict[str, LabelRule], AfterValidator(_limited)]
ProductRules = Annotated[dict[str, ProductRule], AfterValidator(_named)]


@dataclass(frozen=True, slots=True)
class _Label:
    name: str
    rule: LabelRule
    wording: Wording
    unless: Wording

    def holds(self, interest: Interest) -> bool:
        rule = self.rule
        if rule.when and not any_holds(rule.when, interest):
            return False
        if not rule.words and rule.max_rating is None:
            return True
        is_low = rule.max_rating is not None and interest.rating is not None and interest.rating <= rule.max_rating
        return is_low or self.wording.is_in(interest.text, self.unless)


@dataclass(frozen=True, slots=True)
class _Product:
    rule: ProductRule
    wording: Wording

    def holds(self, interest: Interest) -> bool:
        links = (
            interest.product.url,
            interest.source.url,
            *(one.value for one in interest.fields if "://" in one.value),
        )
        if any(link and _begins(link, start) for link in links for start in self.rule.links):
            return True
        title = fold(interest.source.title or "")
        if title and title in {fold(source) for source in self.rule.sources}:
            return True
        return self.wording.is_in(interest.text)


def _begins(link: str, start: str) -> bool:
    """Whether a link begins so; http or https, www. or none, and the slash behind the last part make no difference."""
    link, start = _bare(link), _bare(start)
    return link.startswith(start) or (start.endswith("/") and re.split(r"[?#]", link, maxsplit=1)[0] == start[:-1])


def _bare(link: str) -> str:
    _, scheme, rest = link.partition("://")
    host, slash, path = (rest if scheme else link).partition("/")
    return host.lower().removeprefix("www.") + slash + path


@dataclass(frozen=True, slots=True)
class Labelling:
    """All rules, ready; made once, handed to every parse process."""

    labels: tuple[_Label, ...] = ()
    products: tuple[_Product, ...] = ()

    def reading(self, reading: Reading) -> Reading:
        """Return a reading with its interests labelled."""
        if not reading.interests or not (self.labels or self.products):
            return reading
        return replace(reading, interests=tuple(map(self.interest, reading.interests)))

    def interest(self, interest: Interest) -> Interest:
        """Return an interest with product, labels and priority; what the parser found stays."""
        interest = self._with_product(interest)
        held = [label for label in self.labels if label.holds(interest)]
        if not held:
            return interest
        ranks = [label.rule.priority for label in held if label.rule.priority]
        ranks += [interest.priority] if interest.priority in PRIORITIES else []  # type: ignore[list-item]
        changed: dict[str, Any] = {
            "labels": tuple(dict.fromkeys([*interest.labels, *(label.name for label in held)])),
            "priority": max(ranks, key=PRIORITIES.index) if ranks else interest.priority,
        }
        return interest.model_copy(update=changed)

    def _with_product(self, interest: Interest) -> Interest:
        for product in self.products:
            if (interest.product.name is None or product.rule.replaces) and product.holds(interest):
                found = {"name": product.rule.name, "url": interest.product.url or product.rule.url}
                return interest.model_copy(update={"product": interest.product.model_copy(update=found)})
        return interest


NO_LABELLING = Labelling()


def labelling_of(labels: Mapping[str, LabelRule], products: Mapping[str, ProductRule]) -> Labelling:
    """Return the rules ready for use; those that are there by default are added."""
    rules = {**DEFAULT_LABELS, **{name: merged(name, rule) for name, rule in labels.items()}}
    made = Labelling(
        tuple(
            _Label(name, rule, wording_of(rule.words), wording_of(rule.unless_words))
            for name, rule in rules.items()
            if not rule.off
        ),
        tuple(_Product(rule, wording_of(rule.words)) for rule in products.values()),
    )
    forget_dictionaries()
    return made
