"""From what a notification of a network says to interests."""

from collections.abc import Sequence
from datetime import datetime

from mailbridge.sdk.errors import TemplateChanged
from mailbridge.sdk.interest import Author, Interest, Kind, Precision, Product, Refs, Reply, make_interest
from mailbridge.sdk.links import plain_links
from mailbridge.sdk.mail import Mail
from mailbridge.sdk.nominative import as_called
from mailbridge.sdk.targets import Target

_WITH_WORDS = frozenset({"comment", "mention", "message", "post", "review", "request", "order", "repost"})
_SAID = frozenset({"comment", "mention", "message", "review"})
_OF_A_COMMENT = frozenset({"comment", "mention", "review"})


def social_interests(
    mail: Mail,
    network: str,
    kind: Kind,
    actors: Sequence[Author],
    *,
    text: str = "",
    target: Target | None = None,
    when: tuple[datetime, Precision] | None = None,
    title: str = "",
    place_url: str = "",
    product: Product | None = None,
    rating: int | None = None,
    language: str | None = None,
    position: int = 0,
) -> list[Interest]:
    """Return one interest per person; a text belongs to the first one only.

    The id is made of what the network names: the comment, the post, or post, person and kind. Where that would make
    one of two events (two comments without a number, two people without an address) it is made of the mail.

    Raises:
        TemplateChanged: "no_text_no_link": something was said, and the mail shows neither the words nor the place.
    """
    target = target or Target("outside")
    if kind in _SAID and not text and not target.url and rating is None:
        raise TemplateChanged("no_text_no_link", f"{kind}, subject {mail.subject[:100]!r}")
    several = len(actors) > 1 and kind not in _WITH_WORDS
    actors = [as_called(author, mail.subject) for author in actors]
    return [
        make_interest(
            mail,
            kind=kind,
            channel="social",
            network=network,
            key=_key(kind, target, author, when, place_url),
            position=position + number,
            url=target.url or place_url or None,
            title=title or None,
            when=when,
            author=author,
            text=plain_links(text) if kind in _WITH_WORDS else None,
            product=product or Product(),
            rating=rating,
            reply=_reply(kind, target, place_url, author),
            refs=Refs(
                post=target.post if target.role == "object" else None, comment=target.comment, thread=target.thread
            ),
            language=language,
        )
        for number, author in enumerate(actors if several else actors[:1])
    ]


def _key(
    kind: Kind, target: Target, author: Author, when: tuple[datetime, Precision] | None, place_url: str
) -> tuple[str, ...] | None:
    if target.comment and kind in _OF_A_COMMENT:
        return "comment", target.owner, target.comment
    if kind in {"message", "post"}:
        named = target.post and (target.thread or kind == "post")
        return (kind, target.owner, target.thread, target.post) if named else None
    of_person: tuple[str, ...] = (kind, target.owner, target.post, target.comment, author.url or "")
    if kind == "follow" and place_url:
        of_person = (*of_person, place_url)  # who follows a person and a page did two things
    if not author.url or not (target.post or kind == "follow"):
        return None
    if kind in {"like", "repost", "mention", "follow"}:
        return of_person
    dated = kind == "comment" and when is not None and when[1] != "day"
    return (*of_person, f"{when[0]:%Y-%m-%dT%H:%M:%S}") if dated and when else None


def _reply(kind: Kind, target: Target, place_url: str, author: Author) -> Reply:
    """Where one answers: at the object; a review at the place it is about; else at the person's profile."""
    where = target.url or (place_url if kind == "review" else "") or author.url
    return Reply(method="link", target=where) if where else Reply()
