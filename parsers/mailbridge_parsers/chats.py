"""Online chats: transcripts of a conversation; forms that visitors filled in while nobody was there are read as forms.

No transcript mail of these services is public: lines "time, who, what" are read whatever stands around them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import zip_longest
from typing import ClassVar

from pydantic import BaseModel

from mailbridge.sdk import (
    Author,
    Ignored,
    Interest,
    Mail,
    Manifest,
    NetworkLinks,
    NoConfig,
    Notice,
    Product,
    Refs,
    Reply,
    Route,
    Strength,
    Target,
    TemplateChanged,
    canonical_url,
    clean,
    deed_in,
    emails_in,
    host_of,
    is_email,
    is_phone,
    is_robot,
    language_of,
    make_interest,
    noise_in,
    person_name,
    phone,
    read_mail_notice,
    urls_in,
)

_SERVICES = {
    "jivo": ("jivosite.com", "jivosite.ru", "jivo.ru", "jivochat.com"),
    "tawk": ("tawk.to",),
    "tidio": ("tidio.com", "tidio.net", "tidiochat.com"),
    "carrotquest": ("carrotquest.io", "carrotquest.app"),
    "livetex": ("livetex.ru",),
    "envybox": ("envybox.io",),
    "crisp": ("crisp.chat", "crisp.email"),
    "intercom": ("intercom-mail.com", "intercom.io", "intercom.com"),
    "chatra": ("chatra.io", "chatra.com"),
    "helpcrunch": ("helpcrunch.com",),
    "livechat": ("livechat.com", "livechatinc.com"),
    "talkme": ("talk-me.ru",),
    "verbox": ("verbox.ru",),
    "zendesk_chat": ("zopim.com",),
    "smartsupp": ("smartsupp.com",),
    "olark": ("olark.com",),
    "userlike": ("userlike.com",),
    "chatwoot": ("chatwoot.com",),
    "wazzup": ("wazzup24.com",),
    "avito": ("avito.ru",),
    "thumbtack": ("thumbtack.com",),
}
_MARKETS = {
    "airbnb": ("airbnb.com", "airbnb.ru"),
    "youla": ("youla.ru",),
    "autoru": ("auto.ru",),
    "youdo": ("youdo.com",),
    "profi": ("profi.ru",),
    "kleinanzeigen": ("kleinanzeigen.de",),
    "olx": ("olx.ua", "olx.kz", "olx.pl"),
    "etsy": ("etsy.com",),
    "vrbo": ("vrbo.com",),
    "upwork": ("upwork.com",),
}
"""Where people offer and ask: they write much besides messages, of which nothing is known."""
_OF_MARKETS = tuple(domain for domains in _MARKETS.values() for domain in domains)
_SENDERS = (*(domain for domains in _SERVICES.values() for domain in domains), *_OF_MARKETS)
_STAMP = r"[\[(]?(?:\d{1,4}[./-]\d{1,2}(?:[./-]\d{2,4})?,?\s+)?\d{1,2}:\d\d(?::\d\d)?(?:\s*[ap]m)?[\])]?"
_CLOCK = re.compile(r"\d:\d")
_SPOKEN = re.compile(
    rf"{_STAMP}\s*[-–—|]?\s*(?P<who>[^:\[\]\t\n]{{1,60}}?)\s*(?::|\t)\s*(?P<said>.*)"
    rf"|(?P<name>[^:\[\]\t\n]{{1,60}}?)\s*[,|]?\s*{_STAMP}\s*(?::|\t)\s*(?P<words>.*)",
    re.IGNORECASE,
)
_SPEAKER = re.compile(rf"(?P<who>[^:\[\]\t\n\d][^:\[\]\t\n]{{0,59}}?)\s{{0,3}}[,|·•]?\s{{0,3}}{_STAMP}", re.IGNORECASE)
"""A line of its own above what somebody said."""
_LABELLED = re.compile(r"(?P<label>[^:\n]{1,40}?)\s*:\s*(?P<value>\S.*)")
_NAME = frozenset(
    {"name", "имя", "имя клиента", "клиент", "посетитель", "visitor", "client", "customer", "имя посетителя"}
)
_PAGE = re.compile(r"страниц|page|url|\bfrom\b", re.IGNORECASE)
_STAFF = re.compile(
    r"\((?:agent|operator|support|bot|оператор|менеджер|бот)\)|\b(?:operator|support|agent|system|bot)\b"
    r"|оператор|менеджер|поддержк|система|бот\b",
    re.IGNORECASE,
)
_VISITOR = re.compile(
    r"(?:visitor|guest|client|customer|посетитель|клиент|гость|аноним\w*|v\d{6,})(?:\s*(?:#|№|id)?\s*(?:[^\W\d]|-)*\d[\w-]*)?",
    re.IGNORECASE,
)
_PART = re.compile(r"booker|guest|buyer|customer|гость|покупатель|клиент", re.IGNORECASE)
"""What a service calls a person in a line below the name."""
_AD = re.compile(r"\b(?:объявлени\w{1,3}|ad|listing|item) [«\"“]([^«»\"“”\n]{2,150})[»\"”]", re.IGNORECASE)
_LEAST = 2
_MOST_ELEMENTS = 500
_MOST_BELOW = 12
_GAP = re.compile(r"\s{20}")
"""No line of a talk has such a gap; the patterns above would try each way to part it."""
_TALK = re.compile(
    r"/(?:conversations?|chats?|channels?|inbox|dialogs?|messages?|threads?)/(?:(?:mine|all|open|unassigned)/)?(?P<id>session_\w+|[\w-]*\d[\w-]*)",
    re.IGNORECASE,
)


@dataclass
class _Chat:
    """What the lines say: who said what in order, and the labels outside of it."""

    speeches: list[tuple[str, list[str]]] = field(default_factory=list)
    labels: list[tuple[str, str]] = field(default_factory=list)


def target(href: str) -> Target:
    """Read a link: into a conversation of the service, or to whatever else it shows."""
    url = canonical_url(href, keep=lambda _: False)
    host = host_of(url)
    if not any(host == domain or host.endswith("." + domain) for domain in _SENDERS):
        return Target("outside", canonical_url(href))
    match = _TALK.search(url)
    return Target("talk", url, thread=match["id"]) if match else Target("own")


_LINKS = NetworkLinks(target, lambda _: False)


@lru_cache(maxsize=2)
def _announced(mail: Mail) -> tuple[Notice, tuple[str, ...]]:
    """What a mail says that shows one new message with a link to answer, and the contacts that its template shows.

    Nothing when it shows something else. Cached: routing asks for the same mail that is parsed next.
    """
    deed = deed_in(mail.subject)
    is_market = deed is None and mail.sender.is_of(*_OF_MARKETS)
    notice = read_mail_notice(mail, _LINKS) if is_market or (deed and deed.kind == "message") else Notice()
    if is_market and (notice.deed is None or notice.deed.kind != "message"):
        return Notice(), ()
    if not (notice.target and notice.target.thread and notice.text):
        return Notice(), ()
    apart = _apart(mail)
    text = "\n".join(line for line in notice.text.split("\n") if line not in apart).strip()
    contacts = [value for _, value in _read(mail).labels if is_email(value) or is_phone(value)]
    text, below = _without_labels_below(text)
    apart.update(below)
    first, _, rest = text.partition("\n")
    if not apart and rest.strip() and _is_visitors(first, mail):
        apart, text = {first: first}, rest.strip()
    elif rest.strip() and _PART.fullmatch(first):
        text = rest.strip()
    elsewhere = [value for value in contacts if value not in text and value not in apart.values()]
    if elsewhere or not text or (contacts and _LABELLED.match(text)) or _names_author(text):
        return Notice(), ()  # labels further down may be typed by the visitor: a form's reader tells them apart
    if emails_in(notice.headline):
        return Notice(), ()  # it tells more of the author than is read here
    return replace(notice, text=text), tuple(apart.values())


def _is_visitors(line: str, mail: Mail) -> bool:
    """Whether a line above the words is nothing but an address or a number, and none of the company's."""
    own = {address.email for address in (*mail.recipients, mail.sender)}
    return is_phone(line) or (is_email(line) and line.lower() not in own and not is_robot(line))


def _without_labels_below(text: str) -> tuple[str, dict[str, str]]:
    """Part a text from a last paragraph of nothing but labelled lines, one of which tells the page: the service's own.

    Returns: The words above it, and line → value of the contacts in it.
    """
    words, found, last = text.rpartition("\n\n")
    if last.count("\n") > _MOST_BELOW:
        return text, {}
    labelled = [_LABELLED.fullmatch(line) for line in last.split("\n")]
    if not found or not all(labelled):
        return text, {}
    values = {match.string: match["value"].strip() for match in labelled if match}
    if not any(match and _PAGE.search(match["label"]) and urls_in(match["value"]) for match in labelled):
        return text, {}
    return words.strip(), {line: value for line, value in values.items() if is_email(value) or is_phone(value)}


def _names_author(text: str) -> bool:
    """Whether the text begins with a label for its author, so that a form's reader is to read it."""
    match = _LABELLED.match(text)
    return match is not None and match["label"].casefold() in _NAME | {"от", "from"}


def _apart(mail: Mail) -> dict[str, str]:
    """Labelled contacts that fill an element of their own: the template's, for what a visitor types is one element.

    Line → value; of two alike one is typed, so neither counts.
    """
    found = {}
    for node in mail.html.select("p, td, div, li, tr")[:_MOST_ELEMENTS]:
        if node.first("p, div, li, table") is not None:
            continue
        match = _LABELLED.fullmatch(node.text.strip().replace("\t", " "))
        value = match["value"].strip() if match else ""
        if match and (is_email(value) or is_phone(value)):
            found[match.string] = value
    kinds = [is_email(value) for value in dict.fromkeys(found.values())]
    return found if max(kinds.count(True), kinds.count(False)) <= 1 else {}


def _noise(mail: Mail) -> str | None:
    return None if mail.sender.is_of(*_OF_MARKETS) else noise_in(mail.subject)


def _is_ours(mail: Mail) -> bool:
    return _noise(mail) is not None or len(_read(mail).speeches) >= _LEAST or bool(_announced(mail)[0].text)


class ChatsParser:
    """Reads transcripts that chat services send."""

    manifest: ClassVar[Manifest] = Manifest(
        name="chats",
        version="4",
        title="Online chats (transcripts)",
        evidence="assumed",
        docs="docs/parsers/assumed.md",
        domains=_SENDERS,
        guarded_names=frozenset({"jivo", "jivosite", "tawk.to", "tidio", "carrot quest", "livetex", "envybox"}),
    )
    Config: ClassVar[type[BaseModel]] = NoConfig
    routes: ClassVar[Sequence[Route]] = (
        Route("transcript", Strength.SENDER_AND_SIGN, senders=_SENDERS, match=_is_ours),
    )

    def __init__(self, config: BaseModel | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest] | Ignored:
        """Return the one conversation of a mail; see `Parser`."""
        chat = _read(mail)
        reason = _noise(mail)
        if reason and len(chat.speeches) < _LEAST:
            return Ignored(reason)
        notice, contacts = _announced(mail) if len(chat.speeches) < _LEAST else (Notice(), ())
        if notice.text:
            return [_message(mail, notice, contacts)]
        author = _author(mail, chat)
        who = _visitor(chat, author.name)
        if who is None:
            raise TemplateChanged("no_author", "nobody but the staff speaks")
        text = clean("\n".join(line for name, said in chat.speeches if name == who for line in said))
        if not author.name and not _VISITOR.fullmatch(who):
            author = author.model_copy(update={"name": person_name(who) or None})
        page = _page(chat)
        return [
            make_interest(
                mail,
                kind="message",
                channel="chat",
                network=_network(mail),
                url=page or None,
                author=author,
                text=text,
                reply=_reply(author),
                language=language_of(text),
            )
        ]


def _message(mail: Mail, notice: Notice, contacts: Sequence[str]) -> Interest:
    target = notice.target or Target("own")
    about = _AD.search(f"{mail.subject}\n{notice.headline}")
    name = next((actor.name for actor in notice.actors if actor.name), "")
    author = Author(
        name=None if not name or _VISITOR.fullmatch(name) else person_name(name) or None,
        email=next((value.lower() for value in contacts if is_email(value)), None),
        phones=tuple(phone(value) for value in contacts if is_phone(value)),
    )
    return make_interest(
        mail,
        kind="message",
        channel="chat",
        network=_network(mail),
        author=author,
        text=notice.text,
        product=Product(name=about[1] if about else None),
        reply=Reply(method="link", target=target.url),
        refs=Refs(thread=target.thread),
        language=language_of(notice.text),
    )


def _network(mail: Mail) -> str:
    return next((name for name, domains in (_SERVICES | _MARKETS).items() if mail.sender.is_of(*domains)), "chat")


def _read(mail: Mail) -> _Chat:
    return _talk_in(mail.words)


@lru_cache(maxsize=2)
def _talk_in(words: str) -> _Chat:
    """A line without a time goes on with what was said directly above it; behind an empty line it is the template's.

    Cached: routing asks for the talk of the mail that is parsed next.
    """
    chat, is_open = _Chat(), False
    lines = [line.strip() for line in clean(words).split("\n")]
    for line, below in zip_longest(lines, lines[1:], fillvalue=""):
        head = "" if ":" not in line or _GAP.search(line) else line
        is_timed = bool(_CLOCK.search(head))
        spoken = _SPOKEN.fullmatch(head) if is_timed else None
        speaker = _SPEAKER.fullmatch(head) if is_timed else None
        labelled = _LABELLED.fullmatch(head)
        if speaker and below and not spoken and not _SPEAKER.fullmatch(below):
            chat.speeches.append((speaker["who"].strip(), []))
            is_open = True
        elif spoken:
            who, said = spoken["who"] or spoken["name"], spoken["said"] or spoken["words"] or ""
            chat.speeches.append((who.strip(), [said.strip()]))
            is_open = True
        elif is_open and line:
            chat.speeches[-1][1].append(line)
        elif labelled:
            chat.labels.append((labelled["label"].strip().casefold(), labelled["value"].strip()))
        is_open = is_open and bool(line)
    return chat


def _visitor(chat: _Chat, name: str | None) -> str | None:
    """Who of those that speak is the visitor: by the labels, by what they are called, else the first who is not staff.

    None when nobody is.
    """
    speakers = list(dict.fromkeys(who for who, _ in chat.speeches))
    named = [who for who in speakers if name and who.casefold() == name.casefold()]
    called = [who for who in speakers if _VISITOR.fullmatch(who)]
    others = [who for who in speakers if not _STAFF.search(who)]
    return next(iter((*named, *called, *others)), None)


def _author(mail: Mail, chat: _Chat) -> Author:
    values = [value for _, value in chat.labels]
    own = {address.email for address in mail.recipients}
    name = next((value for label, value in chat.labels if label in _NAME), "")
    email = next((value.lower() for value in values if is_email(value) and not is_robot(value)), "")
    number = next((value for value in values if is_phone(value)), "")
    return Author(
        name=None if _VISITOR.fullmatch(name) else person_name(name) or None,
        email=email if email not in own else None,
        phones=(phone(number),) if number else (),
    )


def _page(chat: _Chat) -> str:
    for label, value in chat.labels:
        found = urls_in(value)
        if found and _PAGE.search(label):
            return canonical_url(value[found[0][0] : found[0][1]])
    return ""


def _reply(author: Author) -> Reply:
    if author.email:
        return Reply(method="email", target=author.email)
    return Reply(method="phone", target=author.phones[0]) if author.phones else Reply()
