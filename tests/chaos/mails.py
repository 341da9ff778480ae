"""Distinct mails of invented people, the same for the same seed, and the keys that have to be in the CRMs."""

import base64
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from mailbridge.mailbox.receiving import Receiving
from mailbridge.pipeline.parsing import TrustRules
from mailbridge.pipeline.policy import delivery_key
from mailbridge.pipeline.routing import Router
from mailbridge.registry import make_parsers
from mailbridge.worker import job_of, read_raw

RECEIVER = "mx.example.net"
_NAMES = ("Anna", "Boris", "Clara", "Dmitri", "Elena", "Farid", "Greta", "Hugo", "Irina", "Jonas")
_SURNAMES = ("Wolkow", "Petit", "Larsen", "Orlova", "Keller", "Novak", "Rossi", "Tamm", "Silva", "Berg")
_GOODS = ("oak table", "desk lamp", "wool rug", "garden bench", "copper kettle", "linen curtain")
_ASKS = (
    "Is the {} still to be had?",
    "How long does the {} take?",
    "Do you bring the {} to Kazan?",
    "Price of the {}?",
)


@dataclass(frozen=True, slots=True)
class Person:
    """Who writes."""

    name: str
    email: str
    phone: str


@dataclass(frozen=True, slots=True)
class Sent:
    """One mail and what has to become of it.

    Attributes:
        raw: The mail.
        author: Who is to become a contact.
        interests: Ids of the interests in it.
    """

    raw: bytes
    author: Person
    interests: tuple[str, ...]


class Unreadable(Exception):  # noqa: N818 - says what is known
    """A made-up mail is not read as one interest: the run would prove nothing."""


def make(count: int, seed: int) -> list[Sent]:
    """Return so many mails: comments of WordPress, forms of Contact Form 7, leads of VK Ads in turn.

    One in eight comes from somebody who wrote before, so that lanes have something to keep in order.

    Raises:
        Unreadable: The parsers of today do not read them.
    """
    chance = random.Random(f"mails {seed}")
    kinds: Sequence[Callable[[int, Person, random.Random], bytes]] = (_comment, _form, _lead)
    people = [_person(chance.randrange(one) if one and one % 8 == 0 else one, seed) for one in range(count)]
    raws = [kinds[number % 3](number, person, chance) for number, person in enumerate(people)]
    return [Sent(*one) for one in zip(raws, people, _interests(raws), strict=True)]


def expected(mails: Sequence[Sent], account_id: str) -> set[str]:
    """Return the keys that have to be in one CRM, each once."""
    return {delivery_key(interest, account_id) for mail in mails for interest in mail.interests}


def _interests(raws: Sequence[bytes]) -> Iterator[tuple[str, ...]]:
    router = Router(make_parsers({}))
    for raw in raws:
        reading = read_raw(job_of(raw, receiving=Receiving(RECEIVER)), router, TrustRules(by_parser={})).reading
        if reading.outcome != "parsed" or len(reading.interests) != 1:
            raise Unreadable(f"{reading.outcome} {reading.reason} {reading.detail}:\n{raw.decode()}")
        yield tuple(interest.id for interest in reading.interests)


def _person(number: int, seed: int) -> Person:
    name = f"{_NAMES[number % 10]} {_SURNAMES[number // 10 % 10]}"
    return Person(name, f"author{number}.{seed}@people.example", f"+7912{number:07d}")


def _comment(number: int, who: Person, chance: random.Random) -> bytes:
    shop = f"https://shop{number % 4}.example"
    link = f"{shop}/wp-admin/comment.php?action="
    body = f"""A new comment on the post "Our {chance.choice(_GOODS)}" is waiting for your approval
{shop}/?p={number % 7 + 1}

Author: {who.name} (IP address: 198.51.100.4, 198.51.100.4)
Email: {who.email}
URL: 
Comment: 
{_words(number, chance)}

Approve it: {link}approve&c={number + 1}#wpbody-content
Trash it: {link}trash&c={number + 1}#wpbody-content
Spam it: {link}spam&c={number + 1}#wpbody-content
Currently 1 comment is waiting for approval. Please visit the moderation panel:
{shop}/wp-admin/edit-comments.php?comment_status=moderated#wpbody-content
"""  # noqa: W291 - the system ends these lines so
    return _mail(
        number, f"WordPress <wordpress@shop{number % 4}.example>", '[Shop] Please moderate: "News"', body,
        "X-Mailer: PHPMailer 6.9.1 (https://github.com/PHPMailer/PHPMailer)",
    )  # fmt: skip


def _form(number: int, who: Person, chance: random.Random) -> bytes:
    body = f"""From: {who.name} <{who.email}>
Subject: Question {number}

Message Body:
{_words(number, chance)}

-- 
This e-mail was sent from a contact form on Workshop (https://workshop.example)
"""  # noqa: W291 - a signature begins so
    return _mail(
        number, "Workshop <wordpress@workshop.example>", f'Workshop "Question {number}"', body,
        f"Reply-To: {who.email}", "X-WPCF7-Content-Type: text/plain",
    )  # fmt: skip


def _lead(number: int, who: Person, chance: random.Random) -> bytes:
    body = f"""Название лид-формы: Каталог {number % 5}
Дата отправки: {_moment(number):%d.%m.%Y %H:%M}
Имя: {who.name}
Телефон: {who.phone}
Email: {who.email}
Вопрос: Что вас интересует?
Ответ: {_words(number, chance)}
"""
    return _mail(
        number, "ads.notifications@vk.company", f"New lead from form: Catalogue {number % 5}", body,
        f"Authentication-Results: {RECEIVER}; dkim=pass header.d=vk.company header.i=@vk.company;"
        " spf=pass smtp.mailfrom=vk.company; dmarc=pass header.from=vk.company",
    )  # fmt: skip


def _words(number: int, chance: random.Random) -> str:
    return f"{chance.choice(_ASKS).format(chance.choice(_GOODS))} Number {number}, {chance.randrange(10**9)}."


def _moment(number: int) -> datetime:
    return datetime(2024, 3, 12, 9, 0, tzinfo=UTC) + timedelta(seconds=number)


def _mail(number: int, sender: str, subject: str, body: str, *more: str) -> bytes:
    head = (
        *more,
        f"From: {sender}",
        "To: shop@example.com",
        f"Subject: {subject}",
        f"Date: {format_datetime(_moment(number))}",
        f"Message-ID: <chaos{number}@{sender.rstrip('>').rpartition('@')[2]}>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: base64",
        "",
    )
    encoded = base64.encodebytes(body.replace("\n", "\r\n").encode()).replace(b"\n", b"\r\n")
    return "\r\n".join(head).encode() + b"\r\n" + encoded
