"""Reviews on maps and in catalogues: Google Business Profile, Yandex Business, 2GIS, and others by their senders.

Their layouts are known from the parsers of people who read such mails in production, not from captured mails.
"""

import re
from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel

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
    make_interest,
)
from mailbridge.sdk.language import language_of
from mailbridge_parsers.reviews.catalogue import announces, read_catalogue
from mailbridge_parsers.reviews.google import read_google
from mailbridge_parsers.reviews.review import Review
from mailbridge_parsers.reviews.twogis import read_2gis
from mailbridge_parsers.reviews.yandex import read_yandex

__all__ = ["ReviewsParser"]

_GOOGLE = "businessprofile-noreply@google.com"
_YANDEX = "business.yandex.ru"
_TWO_GIS = "2gis.com"
_TWO_GIS_RU = "2gis.ru"
_READERS = {
    "google_business": ((_GOOGLE,), read_google),
    "yandex_business": ((_YANDEX,), read_yandex),
    "2gis": ((_TWO_GIS, _TWO_GIS_RU), read_2gis),
}


_CATALOGUES = {
    "tripadvisor": ("tripadvisor.com", "tripadvisor.ru"),
    "trustpilot": ("trustpilot.com", "trustpilotmail.com"),
    "zoon": ("zoon.ru",),
    "flamp": ("flamp.ru",),
    "otzovik": ("otzovik.com",),
    "irecommend": ("irecommend.ru",),
    "yell": ("yell.ru",),
    "yelp": ("yelp.com",),
    "booking": ("booking.com",),
    "prodoctorov": ("prodoctorov.ru",),
    "avito": ("avito.ru",),
    "judgeme": ("judge.me", "judgeme.com"),
    "google_play": ("noreply-play-developer-console@google.com",),
    "yotpo": ("yotpo.com",),
    "holidaycheck": ("holidaycheck.de", "holidaycheck.com"),
    "ostrovok": ("ostrovok.ru",),
    "napopravku": ("napopravku.ru",),
}
"""They send much else: only what announces a review is read here."""
_LEAD = re.compile(
    r"\bнов(?:ая|ое|ый|ые)\s+(?:\w+\s+)?(?:заявк[аи]|заказы?|запис[ьи]|бронировани[ея]|обращени[ея]|сообщени[ея])\b"
    r"|\bnew\s+(?:\w+\s+){0,2}(?:messages?|leads?|requests?|bookings?|orders?|quotes?|appointments?)\b",
    re.IGNORECASE,
)


def _tells_no_lead(mail: Mail) -> bool:
    """Whether a mail is not about a request that somebody made there: those are forms."""
    return _LEAD.search(mail.subject) is None


def _route(network: str) -> Route:
    match = None if network == "google_business" else _tells_no_lead
    return Route(network, Strength.SENDER, senders=_READERS[network][0], match=match)


class ReviewsParser:
    """Reads announcements of new reviews."""

    manifest: ClassVar[Manifest] = Manifest(
        name="reviews",
        version="4",
        title="Reviews (Google Business, Yandex Business, 2GIS, catalogues)",
        evidence="reported",
        docs="docs/parsers/reviews.md",
        domains=("google.com", _YANDEX, _TWO_GIS, _TWO_GIS_RU, *(one for each in _CATALOGUES.values() for one in each)),
        evidence_for=dict.fromkeys(_CATALOGUES, "assumed"),
        guarded_names=frozenset({"google business profile", "яндекс бизнес", "2гис для бизнеса"}),
    )
    Config: ClassVar[type[BaseModel]] = NoConfig
    routes: ClassVar[Sequence[Route]] = (
        *map(_route, _READERS),
        *(
            Route(network, Strength.SENDER_AND_SIGN, senders=domains, match=announces)
            for network, domains in _CATALOGUES.items()
        ),
    )

    def __init__(self, config: BaseModel | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest] | Ignored:
        """Return the reviews of a mail.

        Raises:
            ParseError: The sender is none of the services, or see the reader of each.
        """
        network = next((route.name for route in self.routes if route.holds(mail)), None)
        if network is None:
            raise ParseError("unknown_sender", mail.sender.email)
        found = _READERS[network][1](mail) if network in _READERS else read_catalogue(mail)
        if isinstance(found, Ignored):
            if not _tells_no_lead(mail):
                raise ParseError("unknown_event", f"subject {mail.subject[:100]!r}")
            return found
        return [_interest(mail, network, review, position) for position, review in enumerate(found)]


def _interest(mail: Mail, network: str, review: Review, position: int) -> Interest:
    return make_interest(
        mail,
        kind="message" if review.is_question else "review",
        channel="review",
        network=network,
        key=("question" if review.is_question else "review", review.review_id) if review.review_id else None,
        position=position,
        url=review.url,
        title=review.place,
        author=Author(name=review.author),
        text=review.text,
        product=Product(name=review.place),
        reply=Reply(method="link", target=review.url) if review.url else Reply(),
        rating=review.rating,
        refs=Refs(comment=review.review_id),
        fields=(FormField(label="Оценка", value=review.verdict),) if review.verdict else (),
        language=language_of(review.text or ""),
    )
