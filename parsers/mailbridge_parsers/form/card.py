"""An interest out of the fields of a form."""

import re

from mailbridge.sdk import (
    Author,
    Channel,
    FormField,
    Interest,
    Kind,
    Mail,
    ParseError,
    Product,
    Reply,
    emails_in,
    fold,
    is_email,
    is_phone,
    make_interest,
    one_line,
)
from mailbridge.sdk.language import language_of
from mailbridge.sdk.links import canonical_url, has_token, host_of
from mailbridge.sdk.phrases import unquoted
from mailbridge_parsers.form.contacts import Contacts, contacts_of, filled
from mailbridge_parsers.form.footers import is_footer, is_sign_off
from mailbridge_parsers.form.goods import Good, cart_text, goods_of, order_number, total_of
from mailbridge_parsers.form.item import Style, lines_of
from mailbridge_parsers.form.keys import key_of, refs_of
from mailbridge_parsers.form.kinds import asks_call, kind_of, names_form
from mailbridge_parsers.form.labels import Role, Whose, heads_goods, label_key, whose
from mailbridge_parsers.form.place import campaign_of, place_of, url_of
from mailbridge_parsers.form.reading import Field, Reading
from mailbridge_parsers.form.several import tells_of_several
from mailbridge_parsers.form.site import Site
from mailbridge_parsers.form.systems import System
from mailbridge_parsers.form.typed import are_words

_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
_MAIN_TEXT = (
    ("сообщение", "message", "текст", "вопрос", "question", "комментари", "comment", "отзыв", "review", "body"),
    ("описани", "description", "details"),
)
"""What labels of the visitor's own words hold; those of the second row are also what forms say of themselves."""
_STARS = re.compile(r"\b([1-5])(?:[ -]stars?\b|[ -]зв[её]зд|(?: из | out of |/)5\b)", re.IGNORECASE)
_HEADS = 6
_ANSWERS = frozenset({None, Role.DETAIL})
_NUMBERS = frozenset({"id", "ид", "uid", "guid"})
"""What software numbers a form with."""
_ACTS = frozenset(
    "approve delete trash spam reject publish unpublish decline ban ham одобрить удалить отклонить опубликовать".split()  # noqa: SIM905
)
_MARKS = {
    mark: rating
    for rating, marks in (
        (5, "отлично|excellent|превосходно|perfect"), (4, "очень хорошо|very good"), (1, "ужасно|terrible|awful"),
    )
    for mark in marks.split("|")
}  # fmt: skip
"""Words for a rating that mean the same wherever there are five."""
_ABOUT = re.compile(
    r"\b(?:объявлени[юяе]|объекту?|товар[еау]?|услуг[уеи]|лоту?|listing|ad|item|product|property)"
    r" [«\"“]([^«»\"“”]{2,150})[»\"”]",
    re.IGNORECASE,
)
_SITE_KINDS: dict[str, Channel] = {"comment": "site", "post": "site", "review": "review"}


def make_card(mail: Mail, reading: Reading, system: System, site: Site, *, kind: Kind | None = None) -> Interest:
    """Build the interest of a form mail.

    Raises:
        ParseError: "several_leads": more than one visitor is told of; "no_contact_no_text": there is nobody to answer
            and nothing to read; "two_authors": the mail is to
            be answered to one address, and words with another one may be the visitor's or the template's.
    """
    if tells_of_several(reading.items):
        raise ParseError("several_leads", "numbered headings alike, each above a person")
    if _tells_of_two(reading, site):
        raise ParseError("two_authors", "a labelled address below words differs from the one to answer to")
    region = _region(mail, reading)
    author = contacts_of(reading, site, region)
    goods = goods_of(reading)
    place = place_of(reading, site, author, is_hosted=system.is_sender(mail))
    kind = kind or kind_of(mail, reading, has_goods=bool(goods), title=place.title)
    text_field = _text_field(reading)
    cart = cart_text(reading, goods) if goods else ""
    text = unquoted(filled(text_field.value)) if text_field else ""
    says_nothing = system.channel == "form" and system.is_sender(mail) and not (reading.fields or reading.goods)
    if says_nothing or not (author.email or author.phones or text):
        raise ParseError("no_contact_no_text", f"{len(reading.fields)} fields, {system.network}")
    if system.channel == "chat" and kind == "request" and text:
        kind = "message"
    number = order_number(reading, mail.subject) if kind == "order" else ""
    total = total_of(reading, mail.subject) if kind == "order" else None
    own = {mail.sender.email, *site.recipients} - {author.email}
    used = [*author.used, *place.used, *([text_field] if text_field else [])]
    return make_interest(
        mail,
        kind=kind,
        channel=_SITE_KINDS.get(kind, system.channel),
        network=reading.network or system.network,
        key=key_of(mail, reading, system, number),
        url=place.url or None,
        title=place.title or None,
        when=place.moment,
        author=_author(author, reading),
        text=text or _other_text(reading, kind, cart, used, is_answered=site.replies_to() is not None) or None,
        product=Product(name=_product(reading, goods) or _product_told(mail, reading) or None),
        reply=_reply(author, kind, place.url, is_talk=_is_talk(mail, system, place.url)),
        rating=_rating(reading) or (_rating_told(mail, reading) if kind == "review" else None),
        amount=total[0] if total else None,
        currency=total[1] if total else None,
        refs=refs_of(mail, reading, number),
        fields=(
            *_fields(reading, used, goods, own),
            *(_sentences(reading) if site.replies_to() is None else ()),
            *_cart(reading, cart, text),
            *campaign_of(reading, place.url),
        ),
        language=language_of(text) or language_of(mail.words),
    )


def _tells_of_two(reading: Reading, site: Site) -> bool:
    """Whether plain labels below words name another address than the one that the mail is to be answered to."""
    answer, above = site.replies_to(), reading.loose[: reading.heads]
    if answer is None or not any(are_words(item.text) for item in above):
        return False
    emails = {email for one in reading.fields for email in emails_in(one.value)}
    plain = [one for one in reading.all(Role.EMAIL, Role.NAME) if one.style in {Style.COLON, Style.DASH, Style.BARE}]
    typed = any(site.may_be_visitor(email, labelled=True) for one in plain for email in emails_in(one.value))
    return typed and answer.email not in emails


def _region(mail: Mail, reading: Reading) -> str | None:
    """The country of numbers without a country code, by the form's own words: the visitor's may be in any language."""
    labels = " ".join([*(one.label for one in reading.fields[:5]), reading.first(Role.NAME, Role.FIRST), mail.subject])
    addresses = (mail.sender, *mail.recipients)
    if language_of(labels) == "uk" or any(one.is_of("ua") for one in addresses):
        return "UA"
    return (
        "RU"
        if _CYRILLIC.search(labels) or any(one.is_of("ru", "su", "xn--p1ai", "by", "kz") for one in addresses)
        else None
    )


def _text_field(reading: Reading) -> Field | None:
    texts = reading.all(Role.TEXT)
    ranked = [
        (words, one) for words in _MAIN_TEXT for one in texts if any(word in label_key(one.label) for word in words)
    ]
    return next((one for _, one in ranked), texts[0] if texts else None)


def _other_text(reading: Reading, kind: Kind, cart: str, used: list[Field], *, is_answered: bool) -> str:
    """What stands for the words of a visitor who was asked for none: time to call, order, answers."""
    if kind == "order" and cart:
        return cart
    if time := reading.first(Role.CALL_TIME):
        return filled(time)
    is_listed = kind == "order" and not reading.all(Role.PRODUCT)
    if is_listed and (lines := _loose_words(reading)):
        return lines
    if kind == "callback" and all(is_phone(one.value) for one in reading.all(Role.NAME, Role.FIRST)):
        return ""  # a call that a switchboard tells of
    if not reading.fields and not reading.goods and is_answered:
        return _whole_letter(reading)
    answers = [one for one in reading.fields if _is_answer(one) and one not in used]
    if kind == "callback":
        answers = [one for one in answers if not asks_call(one.value)]
    return "\n".join(f"{one.label}: {one.value}" for one in answers) or filled(reading.first(Role.SUBJECT))


def _whole_letter(reading: Reading) -> str:
    """The words of a mail that is answered to the visitor and has no field at all: they are the visitor's own."""
    lines = [item for item in reading.loose if not (item.is_button or is_footer(item.text) or names_form(item.text))]
    return "\n".join(lines_of(lines)).strip()


def _is_answer(one: Field) -> bool:
    """Whether a field can hold an answer of the visitor: no link of the template, nothing about somebody else."""
    answers = one.role in _ANSWERS and whose(one.label) is not Whose.ANOTHER and label_key(one.label) not in _NUMBERS
    return answers and bool(filled(one.value)) and not _is_link(one.value)


def _sentences(reading: Reading) -> list[FormField]:
    """What a mail without fields tells of the visitor: the template's words, so no text of the visitor's."""
    said = "" if reading.fields or reading.goods else _loose_words(reading)
    return [FormField(label="Notification", value=said)] if said else []


def _loose_words(reading: Reading) -> str:
    """What a mail says outside of fields, where that is all: whole sentences, or an order as plain lines."""
    start = reading.heads if reading.fields else 0
    lines = [item for item in reading.loose[start:] if not (item.is_button or is_footer(item.text))]
    end = next((n for n, item in enumerate(lines) if is_sign_off(item.text)), len(lines))
    return "\n".join(item.text for item in lines[:end] if not (is_phone(item.text) or is_email(item.text)))


def _author(found: Contacts, reading: Reading) -> Author:
    site = next((url for one in reading.all(Role.WEBSITE) if (url := url_of(one))), None)
    return Author(name=found.name or None, email=found.email or None, phones=tuple(found.phones), url=site)


def _cart(reading: Reading, cart: str, text: str) -> tuple[FormField, ...]:
    """What was ordered, when the buyer's own words are the text; under the heading that the shop gives it."""
    if not cart or not text:
        return ()
    headings = [item.label or item.text for item in reading.items if heads_goods(item.label or item.text)]
    heading = headings[0].rstrip(" :") if headings else "Товары" if language_of(cart) == "ru" else "Items"
    return (FormField(label=heading, value=cart),)


def _product(reading: Reading, goods: list[Good]) -> str:
    if goods:
        return goods[0].name
    listed = (one.lines[0] for one in reading.all(Role.SECTION) if heads_goods(one.label))
    named = (one_line(filled(one.value)) for one in reading.all(Role.PRODUCT) if not _is_link(one.value))
    return next(filter(None, named), "") or one_line(next(listed, ""))


def _product_told(mail: Mail, reading: Reading) -> str:
    """What a sentence above the fields, or the subject, tells the visitor asks about: "о товаре «Стол»"."""
    said = (mail.subject, *(item.text for item in reading.loose[: reading.heads or _HEADS][:_HEADS]))
    return next((one_line(match[1]) for line in said if (match := _ABOUT.search(line))), "")


def _is_link(value: str) -> bool:
    return "://" in value and len(value.split()) == 1


def _is_talk(mail: Mail, system: System, page: str) -> bool:
    """Whether a page is a chat service's own: where one answers whom no address is told of."""
    host = host_of(page) if system.channel == "chat" and page else ""
    return host == mail.sender.domain or host.endswith("." + mail.sender.domain)


def _reply(author: Contacts, kind: Kind, page: str, *, is_talk: bool) -> Reply:
    if kind in _SITE_KINDS and page:
        return Reply(method="link", target=page)
    if author.email:
        return Reply(method="email", target=author.email)
    if author.phones:
        return Reply(method="phone", target=author.phones[0])
    return Reply(method="link", target=page) if is_talk else Reply()


def _rating(reading: Reading) -> int | None:
    digits = [sign for sign in reading.first(Role.RATING)[:6] if sign.isdigit()]
    stars = sum(map(reading.first(Role.RATING).count, "★⭐"))
    rating = int(digits[0]) if digits else stars or _MARKS.get(fold(reading.first(Role.RATING)).strip(" !."), 0)
    return rating if 1 <= rating <= 5 and reading.first(Role.RATING)[:3].strip() != "10" else None


def _rating_told(mail: Mail, reading: Reading) -> int | None:
    """The stars that the subject or a line above the fields tells: "New 4-star review"."""
    said = (mail.subject, *(item.text for item in reading.loose[: reading.heads][:_HEADS]))
    return next((int(match[1]) for line in said if (match := _STARS.search(line))), None)


def _without_token(value: str) -> str:
    """A link of the template may act for the one who got it; one that a visitor typed has nothing to hide."""
    return canonical_url(value) or value if has_token(value) else value


def _acts_for_owner(one: Field) -> bool:
    """Whether a field is nothing but a link that publishes or deletes what the mail tells of."""
    acts = label_key(one.label).split()[:1]
    return bool(acts) and acts[0] in _ACTS and _is_link(one.value)


def _shown_label(one: Field) -> str:
    """Names of fields read better without underscores; those of a campaign are known by them."""
    return one_line(one.label if one.role is Role.UTM else one.label.replace("_", " "))


def _fields(reading: Reading, used: list[Field], goods: list[Good], own: set[str]) -> tuple[FormField, ...]:
    """Every other field, in order, without the company's own addresses."""
    lines = {good.line for good in goods}
    spent = {id(one) for one in used}
    rest = [
        FormField(label=_shown_label(one), value=_without_token(one.value))
        for one in reading.fields
        if filled(one.value)
        and one.label
        and not (one.role is Role.EMAIL and one.value.strip().lower() in own)
        and id(one) not in spent
        and not _acts_for_owner(one)
        and not any(line.endswith(one.lines[0]) and one.label in line for line in lines)
    ]
    return tuple(rest)
