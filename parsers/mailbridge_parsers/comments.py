"""Comments and reviews on the company's own site, told by an engine that no other parser knows.

Only the wish to be read is common to these mails: a program of the site writes who commented, the words, and where they
stand. What has labels ("Author: …") is a form's; what leads to somebody else's site is none of ours.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import ClassVar
from urllib.parse import unquote

from pydantic import BaseModel

from mailbridge.sdk import (
    Author,
    Interest,
    Mail,
    Manifest,
    NetworkLinks,
    NoConfig,
    Notice,
    ParseError,
    Product,
    Refs,
    Reply,
    Route,
    Strength,
    Target,
    TemplateChanged,
    actors_in,
    canonical_url,
    deed_in,
    fold,
    host_of,
    html_lines,
    is_robot,
    language_of,
    make_interest,
    paragraphs,
    parts_of,
    read_mail_notice,
    stars_in,
    text_lines,
)
from mailbridge.sdk.names import is_name
from mailbridge.sdk.phrases import is_position

_AT_COMMENT = re.compile(
    r"(?:comment|reply|review|post|c|r|answer|question|kommentar|otzyv)s?[-_/=]?(?P<id>\d[\w-]*|[0-9a-f]{8,40})",
    re.IGNORECASE,
)
_OF_ENGINE = re.compile(
    r"(?:(?P<remark42>remark42__comment-)|(?P<ghost>ghost-comments(?:-root)?)|(?P<commento>commento-)"
    r"|(?P<comentario>comentario-)|(?P<hyvor>ht-comment-id=)|(?P<cusdis>cusdis-)|(?P<artalk>atk-comment-|atk_comment=))"
    r"(?P<id>[\w-]*)(?:&atk_\w+=[^&]*)*"
)
"""What only one engine puts behind the address of a page; it stands on whatever site shows the comments."""
_SERVICES = (
    "wordpress.com", "hyvor.com", "cusdis.com", "commento.io", "comentario.app", "fastcomments.com",
    "graphcomment.com", "cackle.me", "hypercomments.com", "anycomment.io",
)  # fmt: skip
"""They keep the comments of other people's sites, so a link to the site need not be the mailbox's own."""
_APPROVES = re.compile(r"/open/approve\?token=")
"""How a Cusdis of one's own begins the only link of its mails; the page stands there as a path."""
_SUBSCRIBED = re.compile(r"[?&]wpdiscuz(?:UrlAnchor|SubscribeID)\b", re.IGNORECASE)
"""How wpDiscuz lets a subscriber of a page leave."""
_ACTS = re.compile(
    r"(?:^|[/_?&=-])(?:approve|delete|trash|spam|moderat\w*|publish|reject|ban|unsubscribe|subscriptions?|settings"
    r"|preferences|admin|account|login|otpis\w*)(?:[/_?&=-]|$)",
    re.IGNORECASE,
)
_PASSED_ON = re.compile(r"\s*(?:fwd?|re|пересл|отв|ответ)\s*(?:\[\d+\])?:", re.IGNORECASE)
_NAMED = re.compile(
    r"(?P<handle>@)?(?P<name>[^()<>\n·•|→]{2,60}?)(?:\s{1,3}[(<]\S{1,64}@\S{1,80}[)>])?(?:\s{0,3}[·•|→].{0,60}|\s{1,3}\d.{3,30})?$"
)
_LABEL = re.compile(
    r"\s*(?:текст (?:сообщения|комментария|отзыва)|комментарий|сообщение|отзыв|ответ|comment(?: summary| text)?|message"
    r"|review|(?:new |their )?(?:reply|answer))\s?:\s*",
    re.IGNORECASE,
)
"""What a template sets before the words."""
_NAMED_AND_STAMPED = re.compile(
    r"(?P<handle>@)?(?P<name>[^()<>\n·•|→]{2,60}?)(?:\s{1,3}[(<]\S{1,64}@\S{1,80}[)>])?,?\s{1,3}[-–—·|]?\s{0,3}"
    r"(?:(?:posted|said|wrote|commented|написала?|добавлено?|оставила?|пишет)\b[^\d]{0,40})?\d[^\n]{5,40}$",
    re.IGNORECASE,
)
"""A name with the moment beside it: "Ann Gray - posted on 24 November 2026"."""
_STAMPED = re.compile(
    r"(?:.{0,80}[·•|]\s*)?(?:\d{1,2}[ ./-][\w./-]{1,12}[ ./-]\d{2,4}|[^\W\d_]{3,12}\.? \d{1,2}, \d{4})(?:\W.{0,20})?"
)
_LABELLED = re.compile(
    r"^\s*(?:author|name|user|e-?mail|phone|автор|имя|фио|телефон|почта|эл\. ?почта|пользователь)\s*:",
    re.IGNORECASE | re.MULTILINE,
)
_MOMENT = re.compile(r"\d{1,2}[:./]\d\d|\b20\d\d\b|\d (?:min|hour|day|час|мин|дн)")
_CLOSING = re.compile(
    r"(?:you can|click|use the|to (?:reply|respond|approve|view)|view|read|reply|вы можете|чтобы|перейд|нажмите"
    r"|ответить|посмотреть)\b.{0,100}:$|sent to \S+@"
    r"|(?:с уважением|best regards|kind regards|regards|thanks),?\s"
    r"(?:администрация|команда|служба|ваш|the\s|your\s).{0,60}$"
    r"|\W{0,3}(?:reply to this (?:e-?mail|message)|ответьте на это письмо)\b",
    re.IGNORECASE,
)
_HEADS_ANOTHER = re.compile(
    r"[\w.@ -]{2,40}? \d{1,2}[./]\d{1,2}[./]\d{2,4}(?:(?: at|,| в)? \d{1,2}:\d\d(?:\s?[ap]m)?)?", re.IGNORECASE
)
"""Who wrote the comment that is answered, and when, above its words."""
_RULE = re.compile(r"[-_=*]{3,}")
_THANKS = re.compile(
    r"thank|great|super|nice|good|very|well|спасибо|благодар|отлич|супер|класс|очень|хорош", re.IGNORECASE
)
"""How comments begin with few words, each with a capital."""
_CUSTOMER = re.compile(
    r"^(?:[Пп]окупател[ья]|[Пп]осетител[ья]|[Чч]итател[ья]|[Гг]ост[ья]|[Кк]лиента?|[Пп]ациента?"
    r"|[Cc]ustomer|[Gg]uest|[Vv]isitor|[Rr]eader|[Bb]uyer)\s+(?=[А-ЯЁA-Z][а-яёa-z])"
)
"""What shops call those who write, before their names."""
_TITLE = re.compile(r"[«“\"](?P<title>[^«»“”\"]{1,200})[»”\"]")
_KINDS = frozenset({"comment", "review"})


def target(href: str) -> Target:
    """Read a link: to a comment, to something that acts for the owner, to anything else."""
    if _SUBSCRIBED.search(href):
        return Target("own", hint="wpdiscuz")
    url = canonical_url(href)
    parts = parts_of(url)
    if _ACTS.search(f"{parts.path}?{parts.query}"):
        return Target("own", hint="cusdis" if _APPROVES.search(href) else "")
    match = _AT_COMMENT.fullmatch(unquote(parts.fragment)) or _AT_COMMENT.fullmatch(parts.query)
    engine = _OF_ENGINE.fullmatch(unquote(parts.fragment)) or _OF_ENGINE.fullmatch(parts.query)
    if engine:
        return Target("object", url, comment=engine["id"], owner=host_of(url), hint="engine")
    if match is None and not parts.fragment:
        match = _AT_COMMENT.fullmatch("/".join(parts.path.rstrip("/").split("/")[-2:]))
    return Target("object", url, comment=match["id"], owner=host_of(url)) if match else Target("outside", url)


_LINKS = NetworkLinks(target, lambda image: "avatar" in image)


def _is_ours(mail: Mail) -> bool:
    own = {address.domain.removeprefix("www.") for address in mail.recipients}
    by_site = is_robot(mail.sender.email) or (mail.sender.domain in own and not _PASSED_ON.match(mail.subject))
    if not _announced(mail) or not (by_site or any(one.hint for one in _places(mail))):
        return False
    linked = any(one.hint or _within(one.owner, own) for one in _places(mail)) or _page_of(mail, own)
    return bool(linked) and _is_told(mail)


def _page_of(mail: Mail, own: set[str]) -> str:
    """The own page that the headline links to, where subject and headline tell of the same, and of the same person."""
    names, notice = actors_in(mail.subject), _notice(mail)
    told = deed_in(mail.subject)
    if not notice.actors or (names and notice.actors[0].name != names[0]):
        return ""
    if told is None or notice.deed is None or told.kind != notice.deed.kind:
        return ""
    page = _page(notice, mail)
    return page if _within(host_of(page), own) else ""


def _is_of_service(mail: Mail) -> bool:
    return _announced(mail) and _is_told(mail)


def _is_told(mail: Mail) -> bool:
    """Whether a sentence says who commented; labels are a form's."""
    notice = _notice(mail)
    named = _author(mail, notice).name or _tells_subscriber(mail)
    return bool(named and notice.text) and not _LABELLED.match(notice.text) and not _is_title(notice.text, mail)


def _is_title(text: str, mail: Mail) -> bool:
    """Whether what stands below the headline is but the page's title: the words are elsewhere then."""
    title = _TITLE.search(mail.subject)
    return title is not None and fold(title["title"]) == fold(text)


def _tells_subscriber(mail: Mail) -> bool:
    """Whether it is wpDiscuz, whose words are found by its links; owners take the name out of the template."""
    return any(one.hint == "wpdiscuz" for one in _places(mail))


@lru_cache(maxsize=2)
def _notice(mail: Mail) -> Notice:
    """What is read; the name stands below the headline where a known engine names nobody ("Someone commented").

    Cached: routing asks for the same mail that is parsed next.
    """
    notice = read_mail_notice(mail, _LINKS)
    if _tells_subscriber(mail):
        return _of_subscriber(mail, notice)
    if _author(mail, notice).name or not _places(mail):
        return notice
    # Without a known engine a title of the page may stand there too: the moment beside it tells a name.
    is_known = any(one.hint for one in _places(mail))
    lines = [line for line in html_lines(mail.html_source) or text_lines(mail.text) if len(line.text) > 1]
    lines = [line for at, line in enumerate(lines) if not _is_initials(*(one.text for one in lines[at : at + 3]))]
    shown = _NAMED if is_known else _NAMED_AND_STAMPED
    at = next((at for at, line in enumerate(lines[:6]) if (name := shown.match(line.text)) and _is_person(name)), None)
    if at is None:
        return notice
    below = lines[at + 1 :]
    end = next(
        (at for at, line in enumerate(below) if any(target(run.href).role != "outside" for run in line.links)), 0
    )
    name = shown.match(lines[at].text)
    words = [line.text for line in below[:end] if not _STAMPED.fullmatch(line.text)]
    said = paragraphs("\n".join(words[1:] if len(words) > 1 and is_position(words[0]) else words))
    return replace(notice, actors=(Author(name=name["name"] if name else None),), text=said)


def _of_subscriber(mail: Mail, notice: Notice) -> Notice:
    """What wpDiscuz tells a subscriber: the words stand below the link to the comment, perhaps below a full name."""
    lines = html_lines(mail.html_source) or text_lines(mail.text)
    led = [{target(run.href).role for run in line.links} for line in lines]
    start = next((at + 1 for at, roles in enumerate(led) if "object" in roles), len(lines))
    end = next((at for at in range(start, len(lines)) if led[at] - {"outside"}), start)
    said = paragraphs("\n".join(line.text for line in lines[start:end] if not _RULE.fullmatch(line.text)))
    author = _author(mail, notice)
    first, _, below = said.partition("\n\n")
    if not author.name and below.strip() and " " in first and is_name(first) and not _THANKS.match(first):
        author, said = Author(name=first), below.strip()
    return replace(notice, actors=(author,), text=said)


def _is_initials(words: str, name: str = "", moment: str = "") -> bool:
    """Whether a line stands for a portrait: up to three letters, above a name that has its moment below it."""
    return words.isupper() and len(words) <= 3 and is_name(name) and _STAMPED.fullmatch(moment) is not None


def _is_person(name: re.Match[str]) -> bool:
    return is_name(name["name"]) or name["handle"] is not None


def _announced(mail: Mail) -> bool:
    deed = deed_in(mail.subject)
    return deed is not None and deed.kind in _KINDS


def _within(host: str, domains: set[str]) -> bool:
    return any(host == own or host.endswith("." + own) for own in domains if own)


@lru_cache(maxsize=2)
def _places(mail: Mail) -> Sequence[Target]:
    """Links to a comment, and those that give an engine away."""
    lines = [*html_lines(mail.html_source), *text_lines(mail.text)]
    targets = (target(run.href) for line in lines for run in line.runs if run.href)
    return [one for one in targets if one.role == "object" or one.hint]


def _page(notice: Notice, mail: Mail) -> str:
    """The page that the headline links to, where no link leads to the comment."""
    lines = [line for line in html_lines(mail.html_source) if line.text == notice.headline]
    people = {fold(actor.name or "") for actor in notice.actors}
    pages = (target(run.href) for line in lines for run in line.links if fold(run.text) not in people)
    return next((page.url for page in pages if page.role == "outside" and notice.headline), "")


class CommentsParser:
    """Reads what the company's site tells about comments, whatever made the site."""

    manifest: ClassVar[Manifest] = Manifest(
        name="comments", version="3", title="Comments of any engine", evidence="assumed", docs="docs/parsers/assumed.md"
    )
    Config: ClassVar[type[BaseModel]] = NoConfig
    routes: ClassVar[Sequence[Route]] = (
        Route("own-comment-link", Strength.LINK, match=_is_ours),
        Route("comment-service", Strength.SENDER_AND_SIGN, senders=_SERVICES, match=_is_of_service),
    )

    def __init__(self, config: BaseModel | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest]:
        """Return the one comment of a mail; see `Parser`."""
        notice = _notice(mail)
        deed = notice.deed or deed_in(mail.subject)
        if deed is None or deed.kind not in _KINDS:
            raise ParseError("unknown_event", f"subject {mail.subject[:100]!r}")
        author = _author(mail, notice)
        if not (author.name or _tells_subscriber(mail)) or not notice.text:
            raise TemplateChanged("no_author" if notice.text else "no_text", f"subject {mail.subject[:100]!r}")
        said = _own_words(notice.text, author.name or "", mail)
        rating, text = stars_in(said) if deed.kind == "review" else (None, said)
        place = next((one for one in _places(mail) if one.role == "object"), Target("own"))
        page = place.url.partition("#")[0] or _page(notice, mail)
        title = _TITLE.search(notice.headline) or _TITLE.search(mail.subject)
        is_review = deed.kind == "review"
        return [
            make_interest(
                mail,
                kind=deed.kind,
                channel="review" if is_review else "site",
                network=_network(mail),
                key=("comment", place.owner, place.comment) if place.comment else None,
                url=page or None,
                title=title["title"] if title else None,
                author=author,
                text=text,
                rating=rating,
                product=Product(name=title["title"] if title and is_review else None),
                reply=Reply(method="link", target=place.url or page) if page else Reply(),
                refs=Refs(comment=place.comment or None),
                language=language_of(text),
            )
        ]


def _network(mail: Mail) -> str:
    return "wordpress" if _tells_subscriber(mail) or mail.sender.is_of("wordpress.com") else "site"


def _own_words(text: str, name: str, mail: Mail) -> str:
    """Return the words without the template's lines: name and moment above them, how to answer and to whom below."""
    lines = text.split("\n")
    first = lines[0]
    if name and len(lines) > 1 and first.startswith(name) and _MOMENT.search(first[len(name) :][:40]):
        lines = lines[1:]
    lines[0] = _LABEL.sub("", lines[0])
    lines = lines[: next((at for at, line in enumerate(lines) if at and _HEADS_ANOTHER.fullmatch(line)), len(lines))]
    own = [address.email for address in mail.recipients]
    while len(lines) > 1 and (
        _CLOSING.match(lines[-1])
        or not lines[-1]
        or any(one in lines[-1] for one in own)
        or (name and lines[-1].startswith(f"{name} <"))
    ):
        lines.pop()
    return "\n".join(lines).strip()


def _author(mail: Mail, notice: Notice) -> Author:
    """Return who commented; a subject alone may tell the title of the page: "New comment: Great Lamp"."""
    names = [actor.name for actor in notice.actors if actor.name and not _is_of_subject(actor.name, mail)]
    return Author(name=_CUSTOMER.sub("", names[0]) if names else None)


def _is_of_subject(name: str, mail: Mail) -> bool:
    """Whether a name is only what stands behind a colon in the subject, and no line of the body begins with it."""
    if f": {name}" not in mail.subject:
        return False
    lines = [line.text.lstrip() for line in (*html_lines(mail.html_source), *text_lines(mail.text))]
    return not any(line.startswith(name) or f"by {name}" in line or f"от {name}" in line for line in lines)
