"""From what a notification of a network says to interests."""

from collections.abc import Sequence
from datetime import datetime

from mailbridge.sdk.deeds import actors_in, deed_in
from mailbridge.sdk.errors import ParseError, TemplateChanged
from mailbridge.sdk.interest import Author, Interest, Kind, Precision, Product, Refs, Reply, make_interest
from mailbridge.sdk.language import language_of
from mailbridge.sdk.mail import Mail
from mailbridge.sdk.phrases import stars_in
from mailbridge.sdk.plain_notice import read_mail_notice
from mailbridge.sdk.targets import NetworkLinks, Target

_WITH_WORDS = frozenset({"comment", "mention", "message", "post", "review", "request", "order", "repost"})
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
    """
    target = target or Target("outside")
    several = len(actors) > 1 and kind not in _WITH_WORDS
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
            text=text if kind in _WITH_WORDS else None,
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


def read_social(mail: Mail, network: str, links: NetworkLinks, *, kind: Kind | None = None) -> list[Interest]:
    """Read a notification by its headline alone: for networks whose mails need nothing else.

    Args:
        mail: The mail.
        network: Name of the network in the interests.
        links: The network's addresses.
        kind: What the mail announces, where a sign beside the words says so; None = the headline says it.

    Raises:
        ParseError: "unknown_event": no words and no sign say what happened.
        TemplateChanged: "no_author": nobody is named.
    """
    notice = read_mail_notice(mail, links, announced=kind is not None)
    deed = notice.deed or deed_in(mail.subject)
    kind = kind or (deed.kind if deed else None)
    if kind is None:
        raise ParseError("unknown_event", f"subject {mail.subject[:100]!r}")
    actors = notice.actors or tuple(Author(name=name) for name in actors_in(mail.subject))
    if not actors:
        raise TemplateChanged("no_author", f"{kind}, subject {mail.subject[:100]!r}")
    rating, text = stars_in(notice.text) if kind == "review" else (None, notice.text)
    return social_interests(
        mail,
        network,
        kind,
        actors,
        text=text,
        rating=rating,
        target=notice.target,
        when=notice.when,
        title=notice.place,
        place_url=notice.place_url,
        product=notice.product,
        language=deed.language if deed else language_of(notice.text or mail.subject),
    )
