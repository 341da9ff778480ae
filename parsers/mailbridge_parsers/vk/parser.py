"""From a mail of VK to interests.

No real mail about a comment, a like or a mention is public, so nothing here rests on one template: the headline is
found by its verb, people, places and objects by the grammar of VK's own addresses, and what stays unclear is refused.
"""

import re
from collections.abc import Sequence
from typing import ClassVar

from mailbridge.sdk import (
    Author,
    Evidence,
    Ignored,
    Interest,
    Kind,
    Line,
    Mail,
    Manifest,
    NetworkLinks,
    NoConfig,
    Notice,
    ParseError,
    Product,
    Route,
    Strength,
    TemplateChanged,
    actors_in,
    deed_in,
    html_lines,
    ignored_unless_told,
    is_phone,
    noise_in,
    phone,
    query_of,
    read_counted,
    read_mail_notice,
    social_interests,
    stars_in,
    text_lines,
)
from mailbridge.sdk.phrases import alike

from .links import is_portrait, target

_LINKS = NetworkLinks(target, is_portrait)
_TYPES: dict[str, Kind] = {"pm": "message"}
_UNSEEN: tuple[Kind, ...] = (
    "comment", "like", "repost", "mention", "review", "follow", "order", "request", "callback", "registration", "visit",
    "post",
)  # fmt: skip
_EVIDENCE: dict[str, Evidence] = dict.fromkeys(_UNSEEN, "assumed")
"""Only of the mail about a message the links are known; all others are read by the grammar of VK's addresses."""
_LIKELY: tuple[tuple[str, Kind], ...] = (
    ("mention", "mention"),
    ("comment", "comment"),
    ("reply", "comment"),
    ("like", "like"),
    ("copy", "repost"),
    ("repost", "repost"),
    ("review", "review"),
    ("follow", "follow"),
    ("subscr", "follow"),
    ("friend", "follow"),
    ("msg", "message"),
    ("message", "message"),
    ("order", "order"),
    ("wall", "post"),
    ("post", "post"),
)
_WITH_PHONE = frozenset({"order", "request", "callback"})
_PHONE = re.compile(r"^(?:телефон|тел\.?|phone)\s*:\s*(?P<number>.{5,40})$", re.IGNORECASE | re.MULTILINE)
_RECIPIENT = re.compile(
    r"^(?:получатель|имя|фио|recipient|name)\s*:\s*(?P<name>.{2,80})$", re.IGNORECASE | re.MULTILINE
)
_PLACE = re.compile(
    r"(?:сообществ|групп|публичн\w+ страниц|community|group|page)\w*\s+[«\"“](?P<name>[^»\"”]{1,120})[»\"”]",
    re.IGNORECASE,
)


def _is_of_people(mail: Mail) -> bool:
    """Whether a mail is not of the advertisers' office, whose leads are fields and no notification."""
    return not mail.sender.is_of("ads.vk.com", "ads.vk.ru")


class VkParser:
    """Reads what VK sends about a profile or a community."""

    manifest: ClassVar[Manifest] = Manifest(
        name="vk",
        version="4",
        title="VK",
        evidence="reported",
        domains=("vk.com", "vk.ru", "vkontakte.ru", "vk.company"),
        trust="require",
        evidence_for=_EVIDENCE,
        guarded_names=frozenset({"вконтакте", "vk", "vkontakte", "вк", "vk.com", "вконтакте | vk", "vk id"}),
    )
    Config: ClassVar[type[NoConfig]] = NoConfig
    routes: ClassVar[Sequence[Route]] = (
        Route("sender", Strength.SENDER, senders=("vk.com", "vk.ru", "vkontakte.ru"), match=_is_of_people),
    )

    def __init__(self, config: NoConfig | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest] | Ignored:
        """Return the interests of one mail; see `Parser`."""
        reason = noise_in(mail.subject)
        if reason:
            return ignored_unless_told(mail, "vk", _LINKS, reason)
        if several := read_counted(mail, "vk", _LINKS):
            return several
        lines = [*html_lines(mail.html_source), *text_lines(mail.text)]
        notice = read_mail_notice(mail, _LINKS, announced=_event_type(lines) in _TYPES)
        kind, language = _kind(mail, notice, lines)
        actors = notice.actors or tuple(Author(name=name) for name in actors_in(mail.subject))
        if kind is None:
            raise ParseError("unknown_event", f"subject {mail.subject[:100]!r}")
        if not actors:
            raise TemplateChanged("no_author", f"{kind}, subject {mail.subject[:100]!r}")
        rating, text = stars_in(notice.text) if kind == "review" else (None, notice.text)
        if kind in _WITH_PHONE:
            actors = (_with_phone(actors[0], text), *actors[1:])
        return social_interests(
            mail,
            "vk",
            kind,
            actors,
            text=text,
            target=notice.target,
            when=notice.when,
            title=_place(mail, notice),
            product=_product(mail, notice, lines),
            rating=rating,
            place_url=notice.place_url,
            language=language,
        )


def _with_phone(author: Author, text: str) -> Author:
    """Add the one number that a label of the order names, unless the goods go to somebody else."""
    numbers = [match["number"] for match in _PHONE.finditer(text) if is_phone(match["number"])]
    to = _RECIPIENT.search(text)
    if len(numbers) != 1 or (to and not alike(to["name"], author.name or "")):
        return author
    return author.model_copy(update={"phones": (phone(numbers[0]),)})


def _kind(mail: Mail, notice: Notice, lines: Sequence[Line]) -> tuple[Kind | None, str | None]:
    deed = notice.deed or deed_in(mail.subject)
    kind = _TYPES.get(_event_type(lines)) or (deed.kind if deed else None) or _likely(_event_type(lines))
    return kind, deed.language if deed else None


def _event_type(lines: Sequence[Line]) -> str:
    """The `utype` of the unsubscribe link, the same in every language; the template's link is the last one."""
    types = [query_of(run.href).get("utype", "") for line in lines for run in line.links if "utype=" in run.href]
    return types[-1].lower() if types else ""


def _likely(event: str) -> Kind | None:
    return next((kind for word, kind in _LIKELY if word in event), None)


def _place(mail: Mail, notice: Notice) -> str:
    return notice.place or _called(mail, notice)


def _called(mail: Mail, notice: Notice) -> str:
    """The community that is named without a link."""
    match = _PLACE.search(notice.headline) or _PLACE.search(mail.subject)
    return match["name"] if match else ""


def _product(mail: Mail, notice: Notice, lines: Sequence[Line]) -> Product | None:
    """The item of the community's shop that the mail is about, else the community."""
    post = notice.target.post if notice.target else ""
    if not post.startswith("product"):
        called = _called(mail, notice)
        return notice.product or (Product(name=called, url=notice.place_url or None) if called else None)
    captions = (
        run.text
        for line in lines
        if line.text == notice.headline
        for run in line.links
        if target(run.href).post == post
    )
    return Product(name=next(captions, None), url=f"https://vk.com/{post}")
