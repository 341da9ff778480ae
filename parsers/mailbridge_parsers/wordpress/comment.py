"""A comment notification, read by its shape: links of the footer first, then the block of labels, then the text."""

import html
import re
from dataclasses import dataclass
from functools import partial
from urllib.parse import parse_qs, unquote_to_bytes

from mailbridge.sdk import Mail, TemplateChanged, clean, one_line
from mailbridge.sdk.links import canonical_url, host_of, parts_of
from mailbridge.sdk.mail import LINKS_HIDDEN
from mailbridge.sdk.people import is_email, person_name

_ACTION = re.compile(
    r"/comment\.php\?(?:\S*?&(?:amp;)?)?action=(?!editcomment)(?P<action>\w+)&(?:amp;)?(?:\S*?&(?:amp;)?)?c=(?P<id>\d+)"
    # Jetpack can send the moderator to wordpress.com instead.
    r"|wordpress\.com/comment/[^/\s]+/(?P<remote_id>\d+)\?action=(?P<remote_action>\w+)"
)
_PERMALINK = re.compile(r"(?P<url>https?://\S{1,2000}?)#comment-(?P<id>\d+)")
_ALL_COMMENTS = re.compile(r"(?P<url>https?://\S{1,2000}?)#(?:comments|pings)\b")
_EDIT_POST = re.compile(r"(?P<url>https?://\S{1,2000}/post\.php\?post=(?P<id>\d+)&(?:amp;)?action=edit)")
_LINK = re.compile(r"https?://[^\s<>]+")
# "Author: Name (IP address: 203.0.113.7, host)"; the name may hold parentheses, a host may not.
_AUTHOR = re.compile(r"^[^>:：][^:：]{0,59}[:：]\s*+(?P<name>.{0,300}?)\s{0,20}[(（][^()（）]*[:：][^()（）]*[)）]\s*$")
_LABEL = re.compile(r"^(?P<label>[^:：]{1,60})[:：]\s*(?P<value>.*)$")
_REPLY_OR_WHOIS = re.compile(r"action=editcomment|whois", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“”„‟«‹「『](?P<title>.+)[\"“”‟»›」』]")
# Bases of permalinks that WooCommerce offers, and their translations; "magazin" is a journal in German.
_PRODUCT_SLUGS = frozenset(
    "product produkt producto produit prodotto produto tovar товар товары shop store catalog katalog каталог магазин"  # noqa: SIM905
    " boutique tienda negozio loja sklep".split()
)
_NON_ASCII = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")

_ANCHOR = re.compile(r"<a\s[^<>]*?href=[\"'](?P<href>[^\"'<>]*)[\"'][^<>]*>(?P<words>[^<]{0,500})</a>", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>|</(?:p|div|li|blockquote)>", re.IGNORECASE)
# The tags that WordPress lets a visitor type (wp-includes/kses.php, $allowedtags) and those of comment editors.
_TAG = re.compile(
    r"</?(?:a|abbr|acronym|b|blockquote|cite|code|del|div|em|i|img|ins|li|ol|p|pre|q|s|span|strike|strong|u|ul)"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_LINES_ABOVE_AUTHOR = 4
_LINES_OF_HEAD = 8

_PING_TITLE = re.compile(r"\A\s*<strong>(?P<title>.*?)</strong>\s*\n\s*\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Comment:
    """What a comment notification says.

    Attributes:
        comment_id: Number that the site gave the comment.
        url: Public permalink of the comment, with its anchor.
        post_url: Permalink of the post.
        is_ping: A pingback or trackback: another site linked to the post, nobody wrote.
        ping_title: Title of the page that linked.
        is_note: A remark of one editor to another, not public.
    """

    comment_id: str
    url: str | None = None
    post_url: str | None = None
    title: str | None = None
    name: str | None = None
    email: str | None = None
    author_url: str | None = None
    text: str = ""
    is_ping: bool = False
    ping_title: str = ""
    is_note: bool = False


@dataclass(frozen=True, slots=True)
class _Footer:
    """The part below the text that the template writes.

    Attributes:
        start: Index of its first line.
        post_url: Permalink of the post, when the footer tells it (the moderator's mail tells it in the head).
    """

    start: int
    comment_id: str
    post_url: str | None = None
    url: str | None = None
    is_note: bool = False


@dataclass(frozen=True, slots=True)
class _Head:
    """The block of labels above the text; `text_start` is the index of the first line of the text."""

    name: str
    email: str
    url: str
    text_start: int
    first_of_text: str
    is_ping: bool


def is_notification(mail: Mail) -> bool:
    """Whether the links under the text and the line with the author's address are those of WordPress."""
    lines = _lines(mail)
    footer = _footer(lines)
    if footer is None:
        return LINKS_HIDDEN in mail.defects and _author_line(lines[:_LINES_OF_HEAD]) is not None
    return _author_line(lines[: footer.start]) is not None


def read(mail: Mail) -> Comment:
    """Read a mail that `is_notification`.

    Raises:
        TemplateChanged: The labels above the text are not those of WordPress, or no link shows where the text ends.
    """
    lines = _lines(mail)
    footer = _footer(lines)
    if footer is None:
        raise TemplateChanged(LINKS_HIDDEN if LINKS_HIDDEN in mail.defects else "no_comment_links")
    if footer.is_note:
        return Comment(footer.comment_id, is_note=True)
    head = _head(lines[: footer.start])
    post_url = footer.post_url or _link_above(lines[: head.text_start])
    url = footer.url or (f"{post_url}#comment-{footer.comment_id}" if post_url else None)
    raw = "\n".join([head.first_of_text, *lines[head.text_start : footer.start]])
    ping = _PING_TITLE.match(raw) if head.is_ping else None
    name = one_line(html.unescape(_TAG.sub("", head.name)))
    return Comment(
        comment_id=footer.comment_id,
        url=url,
        post_url=post_url,
        title=_title(lines, mail.subject),
        name=name if person_name(name) else None,
        email=head.email.lower() or None,
        author_url=head.url or None,
        text=plain(raw[ping.end() :] if ping else raw),
        is_ping=head.is_ping,
        ping_title=one_line(html.unescape(ping["title"])) if ping else "",
    )


def _lines(mail: Mail) -> list[str]:
    return clean(mail.words).split("\n")


def _footer(lines: list[str]) -> _Footer | None:
    """Find the template's own links, from the end: what a visitor typed stands above them."""
    last = next((number for number in reversed(range(len(lines))) if _ACTION.search(lines[number])), None)
    if last is None:
        return _footer_without_rights(lines)
    first = last
    while first and _ACTION.search(lines[first - 1]):
        first -= 1
    actions = [match for line in lines[first : last + 1] if (match := _ACTION.search(line))]
    comment_id = actions[-1]["id"] or actions[-1]["remote_id"]
    if any((match["action"] or match["remote_action"]) in {"approve", "mac"} for match in actions):
        return _Footer(first, comment_id)
    return _links_above(lines, first, comment_id) or _Footer(first, comment_id)


def _footer_without_rights(lines: list[str]) -> _Footer | None:
    """An author who may not moderate gets the public links only; an editor's note ends with a link to the post."""
    end = next((number for number in reversed(range(len(lines))) if _PERMALINK.search(lines[number])), None)
    if end is not None and (match := _PERMALINK.search(lines[end])):
        footer = _links_above(lines, end + 1, match["id"])
        return footer if footer and footer.post_url else None
    if lines and (match := _EDIT_POST.search(lines[-1])):
        return _Footer(max(0, len(lines) - 2), match["id"], url=None, is_note=True)
    return None


def _links_above(lines: list[str], end: int, comment_id: str) -> _Footer | None:
    """Read "all comments: URL#comments" and "permalink: URL#comment-ID" that stand directly above a line."""
    at = _last_filled(lines, end)
    permalink = _PERMALINK.search(lines[at]) if at is not None else None
    if permalink and permalink["id"] == comment_id:
        at = _last_filled(lines, at or 0)
    everything = _ALL_COMMENTS.search(lines[at]) if at is not None else None
    if at is None or everything is None:
        return None
    label = at - 1 if at and lines[at - 1] and lines[at].startswith("http") else at
    url = f"{permalink['url']}#comment-{comment_id}" if permalink else f"{everything['url']}#comment-{comment_id}"
    return _Footer(label, comment_id, post_url=everything["url"], url=url)


def _last_filled(lines: list[str], end: int) -> int | None:
    return next((number for number in reversed(range(end)) if lines[number].strip()), None)


def _author_line(lines: list[str]) -> int | None:
    """Only the title and the permalink stand above it; more means that a person quotes a notification."""
    filled = [number for number, line in enumerate(lines) if line.strip()][:_LINES_ABOVE_AUTHOR]
    return next((number for number in filled[1:] if _AUTHOR.match(lines[number].strip())), None)


def _head(lines: list[str]) -> _Head:
    """Read the labels once, top-down and by their order: what looks like a label further down was typed by a person."""
    at = _author_line(lines)
    author = _AUTHOR.match(lines[at].strip()) if at is not None else None
    if at is None or author is None:
        raise TemplateChanged("no_author_line")
    value = partial(_value, lines)
    is_ping = bool(_LINK.match(value(at + 1)))
    email = "" if is_ping else value(at + 1)
    at += 2 if is_ping else 3
    url = _LINK.match(value(at - 1))
    while at < len(lines) and _REPLY_OR_WHOIS.search(lines[at]) and _LABEL.match(lines[at]):
        at += 1
    return _Head(
        name=author["name"],
        email=email if is_email(email) else "",
        url=url.group() if url else "",
        text_start=at + 1,
        first_of_text=value(at),
        is_ping=is_ping,
    )


def _value(lines: list[str], at: int) -> str:
    match = _LABEL.match(lines[at].strip()) if at < len(lines) else None
    return match["value"].strip() if match else ""


def _link_above(lines: list[str]) -> str | None:
    """The moderator's mail names the post in a line of its own under the title."""
    return next((line.strip() for line in lines if _LINK.fullmatch(line.strip())), None)


def _title(lines: list[str], subject: str) -> str | None:
    """The title stands in quotes in the first line and at the end of the subject, whatever the language."""
    first = next((line for line in lines if line.strip()), "")
    for place in (first, subject.partition("] ")[2]):
        if match := _QUOTED.search(place):
            return one_line(html.unescape(match["title"]))
    return None


def plain(text: str) -> str:
    """Return a comment as its reader sees it: entities resolved, tags gone, the address of a link beside its words."""
    text = _ANCHOR.sub(_link_words, text)
    return clean(html.unescape(_TAG.sub("", _BREAK.sub("\n", text))))


def _link_words(match: re.Match[str]) -> str:
    href, words = match["href"].strip(), match["words"].strip()
    return words if not href or href.rstrip("/") in words else f"{words} ({href})" if words else href


def readable(url: str | None) -> str | None:
    """Return the canonical address with its non-ASCII letters written out, as a browser shows it (RFC 3987 §3.2)."""
    return _NON_ASCII.sub(_letters, canonical_url(url)) or None if url else None


def _letters(match: re.Match[str]) -> str:
    try:
        letters = unquote_to_bytes(match.group()).decode("utf-8")
    except UnicodeDecodeError:
        return match.group()
    return letters if letters.isprintable() and not any(letter.isspace() for letter in letters) else match.group()


def place(post_url: str | None) -> tuple[str, str]:
    """Return the host and path of a post: numbers of comments repeat from site to site of one host."""
    if not post_url or not host_of(post_url or ""):
        return ("", "")
    parts = parts_of(post_url)
    return (host_of(post_url or ""), parts.path.rstrip("/") + ("?" + parts.query if parts.query else ""))


def post_id(post_url: str | None) -> str | None:
    """Return the number of a post when its permalink names it (?p=4)."""
    query = parse_qs(parts_of(post_url or "").query) if host_of(post_url or "") else {}
    return next((query[key][0] for key in ("p", "page_id") if query.get(key, [""])[0].isdigit()), None)


def is_product(post_url: str | None) -> bool:
    """Whether the permalink is that of a WooCommerce product; its comments are reviews."""
    if not host_of(post_url or ""):
        return False
    parts = parts_of(readable(post_url) or "")
    words = {word.casefold() for word in parts.path.rstrip("/").split("/")[:-1]}
    return not words.isdisjoint(_PRODUCT_SLUGS) or "product" in parse_qs(parts.query)
