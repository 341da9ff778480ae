"""From a mail of Facebook to interests."""

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

from mailbridge.sdk import (
    Author,
    Ignored,
    Interest,
    Kind,
    Mail,
    Manifest,
    NetworkLinks,
    NoConfig,
    Notice,
    ParseError,
    Route,
    Strength,
    Target,
    TemplateChanged,
    actors_in,
    deed_in,
    fold,
    html_lines,
    ignored_unless_told,
    noise_in,
    one_line,
    read_counted,
    read_notice,
    read_plain_notice,
    social_interests,
    text_lines,
)
from mailbridge.sdk.deeds import untagged

from .flat import flat_lines
from .kinds import acting_user, event_type, known_kind, likely_kind, noise_reason
from .lead import is_lead, read_lead
from .links import asking_user, is_portrait, profile_url, shown_target, target
from .text_part import TextPart, has_rules, read_text_part

_LINKS = NetworkLinks(shown_target, is_portrait)
_UNSEEN: tuple[Kind, ...] = (
    "repost", "mention", "review", "message", "request", "callback", "order", "registration", "visit",
)  # fmt: skip
"""Captured are posts, comments, reactions and friend requests."""
_SENDERS = ("facebookmail.com", "facebook.com", "metamail.com", "priority.facebookmail.com")
_MARKETING = ("business-updates.facebook.com", "metamail.com")
_ADVICE = re.compile(r"^(?:gysj|pyml|pymk)_")
_IN_GROUP = re.compile(
    r"\s(?:в группе|in the group|nel gruppo|dans le groupe|in der Gruppe|en el grupo|w grupie"
    r"|(?:posted|poll|link|post|photos?|videos?|event|update) in)\s+(?P<group>\S.*?)\s*\.?$"
)

_STARS = re.compile(r"\b([1-5])[- ](?:stars?|зв[её]зд\w*)\b", re.IGNORECASE)
_NOT_SAID = re.compile(r"(?:посмотрите|see|check|view|guarda|découvrez|sieh|ответьте|reply)\b", re.IGNORECASE)


def _has_signs(mail: Mail) -> bool:
    """Headers that Facebook's program leaves; anybody can copy them, so they recognise and prove nothing."""
    if any(address.is_of("instagram.com", "threads.net") for address in mail.senders):
        return False
    zuck = "ZuckMail" in mail.headers.get("X-Facebook") or "ZuckMail" in mail.headers.get("X-Mailer")
    return zuck or "X-Facebook-Notify" in mail.headers or mail.headers.get("Feedback-ID").endswith(":Facebook")


class FacebookParser:
    """Reads the layouts of 2010 to today, HTML and text part together."""

    manifest: ClassVar[Manifest] = Manifest(
        name="facebook",
        version="4",
        title="Facebook",
        evidence="real",
        domains=("facebookmail.com", "facebook.com", "metamail.com"),
        trust="require",
        evidence_for=dict.fromkeys(_UNSEEN, "assumed"),
        guarded_names=frozenset(
            {
                "facebook",
                "facebook notification",
                "facebook notifications",
                "фейсбук",
                "meta for business",
                "meta business support",
                "мета для бизнеса",
            }
        ),
    )
    Config: ClassVar[type[NoConfig]] = NoConfig
    routes: ClassVar[Sequence[Route]] = (
        Route("sender", Strength.SENDER, senders=_SENDERS),
        Route("x-facebook headers", Strength.SIGN, match=_has_signs),
    )

    def __init__(self, config: NoConfig | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest] | Ignored:
        """Return the interests of one mail; see `Parser`."""
        event = event_type(mail)
        reason = (None if _names_reviewer(mail) else noise_reason(mail, event)) or noise_in(_own_subject(mail))
        if reason:
            return ignored_unless_told(mail, "facebook", _LINKS, reason)
        if several := read_counted(mail, "facebook", _LINKS):
            return several
        flat = flat_lines(mail.text)
        lines = flat or html_lines(mail.html_source, skip=_is_preheader)
        html = read_notice(mail, lines, _LINKS, announced=_is_announced(event))
        if not lines and not has_rules(mail.text):
            html = read_plain_notice(mail, text_lines(mail.text), _LINKS)
        if is_lead(mail, event):
            return read_lead(mail, html)
        text = TextPart() if flat else read_text_part(mail.text)
        kind, language = _kind(mail, event, html, text)
        actors = _actors(mail, html, text)
        if kind is None or not actors:
            return _without(mail, event, kind)
        return social_interests(
            mail,
            "facebook",
            kind,
            actors,
            text=_words(mail, kind, html, text),
            target=_target(html, text),
            when=html.when,
            title=_group(html, text),
            place_url=html.place_url,
            product=html.product,
            rating=_stars(html.headline or text.headline or mail.subject) if kind == "review" else None,
            language=language,
        )


def _is_announced(event: str) -> bool:
    """Whether a type says enough for a headline in any language: seen in real mails, or a word of somebody for sure."""
    return known_kind(event) is not None or likely_kind(event) in {"comment", "mention"}


def _own_subject(mail: Mail) -> str:
    """The subject where it is Facebook's own sentence: "[group] words" quotes a person."""
    subject = untagged(mail.subject) if "List-Post" in mail.headers else mail.subject
    return "" if subject.startswith("[") else subject


def _names_reviewer(mail: Mail) -> bool:
    """Recommendations of pages are noise; "Anna recommends your page" is none, and their types look alike."""
    subject = _own_subject(mail)
    deed = deed_in(subject)
    return deed is not None and deed.kind == "review" and bool(actors_in(subject))


def _kind(mail: Mail, event: str, html: Notice, text: TextPart) -> tuple[Kind | None, str | None]:
    deed = html.deed or text.deed or deed_in(_own_subject(mail))
    kind = known_kind(event) or (deed.kind if deed else None) or likely_kind(event)
    return kind, deed.language if deed else None


def _actors(mail: Mail, html: Notice, text: TextPart) -> tuple[Author, ...]:
    if html.actors:
        return (_completed(html.actors[0], mail, text), *html.actors[1:])
    names = actors_in(text.headline) or actors_in(_own_subject(mail))
    if names:
        return (_completed(Author(name=names[0]), mail, text), *(Author(name=name) for name in names[1:]))
    user = acting_user(mail)
    return (Author(url=text.person or profile_url(user)),) if user else ()


def _completed(author: Author, mail: Mail, text: TextPart) -> Author:
    user = acting_user(mail) or next(filter(None, (asking_user(link.href) for link in mail.html.links)), "")
    url = author.url or text.person or (profile_url(user) if user else "")
    return author.model_copy(update={"url": url or None})


def _target(html: Notice, text: TextPart) -> Target | None:
    if html.target is None or (text.target and text.target.comment and text.target.post == html.target.post):
        return text.target or html.target
    return html.target


def _words(mail: Mail, kind: Kind, html: Notice, text: TextPart) -> str:
    """The whole text: the text part has it uncut, the HTML body may have it alone."""
    if text.quoted:
        begun = one_line(text.quoted.rstrip(".… "))
        is_cut = text.quoted.endswith(("…", "...")) and not html.is_cut
        return html.text if is_cut and one_line(html.text).startswith(begun) else text.quoted
    if html.text or kind != "post":
        return html.text
    return _preheader(mail, html)


def _preheader(mail: Mail, html: Notice) -> str:
    """The hidden first line repeats the text where the layout shows none; else it repeats the mail or advertises."""
    for node in mail.html.select('td[height="1"]'):
        words = one_line(node.text)
        said = fold(words)
        names = [fold(actor.name) for actor in html.actors if actor.name]
        if words and not _NOT_SAID.match(words) and deed_in(words) is None and not any(name in said for name in names):
            return words
    return ""


def _stars(headline: str) -> int | None:
    match = _STARS.search(headline)
    return int(match[1]) if match else None


def _group(html: Notice, text: TextPart) -> str:
    if html.place and deed_in(html.place) is None:
        return html.place
    match = _IN_GROUP.search(text.headline) or _IN_GROUP.search(html.headline)
    return _without_words(match["group"], text.quoted or html.text) if match else ""


def _without_words(group: str, words: str) -> str:
    """Drop the beginning of the person's words, which a headline may quote behind the group's name."""
    for colon in re.finditer(r"\s*:\s+", group):
        quoted = fold(group[colon.end() :].strip('"«“„»”. …'))
        if group[colon.end()] in '"«“„' or fold(words).strip('"«“„').startswith(quoted):
            return group[: colon.start()]
    return group


def _without(mail: Mail, event: str, kind: Kind | None) -> Ignored:
    if any(_ADVICE.match(target(link.href).hint) for link in mail.html.links):
        return Ignored("recommendation")
    if mail.sender.is_of(*_MARKETING):
        return Ignored("newsletter")
    if event.startswith("event_invite"):
        return Ignored("invitation_without_name")
    if kind is None:
        raise ParseError("unknown_event", f"type {event!r}, subject {mail.subject[:100]!r}")
    raise TemplateChanged("no_author", f"{kind}, type {event!r}")


def _is_preheader(name: str, attributes: Mapping[str, str]) -> bool:
    return name == "td" and attributes.get("height") == "1"
