"""What the company's own mail gateway did to a mail on its way in, taken back: links, warnings, tags, footers.

Safe Links, URL Defense and the like put their own link before every link; "This email originated from outside of the
organization" is put on top of the body, "[EXTERNAL]" before the subject. The sender wrote none of it. The raw bytes
stay as they came.
"""

import html
import re
from collections.abc import Iterator

from mailbridge.mailbox.gateways_notes import is_banner, is_footer, is_rule, may_hold_banner
from mailbridge.sdk.gateways import GATEWAY_HOSTS, ungated_url
from mailbridge.sdk.links import urls_in
from mailbridge.sdk.text import one_line

_IN_MARKUP = re.compile(rf"https?://[\w.-]*(?:{'|'.join(map(re.escape, GATEWAY_HOSTS))})[:/][^\s<>\"']+", re.IGNORECASE)
_ANCHOR = re.compile(r"<a\s[^<>]*?href\s*=\s*[\"']?(https?://[^\s\"'<>]+)", re.IGNORECASE)
_HIDING_MARKS = ("mimecast", "hornetsecurity", "titanhq")
_HIDING = re.compile(
    r"https?://(?:protect-[\w-]+\.mimecast\.com|url\.[\w.-]+\.mimecastprotect\.com"
    r"|[\w.-]+\.hornetsecurity\.com|linklock\.titanhq\.com)/",
    re.IGNORECASE,
)
"""Gateways whose links only their own server can read."""
_TAG = re.compile(
    r"^(?P<answers>(?:(?:re|fwd?|aw|wg|отв|ответ)\s*:\s*)*)"
    r"(?:[\[({<*]{1,3}\s*(?:ext(?:ern(?:al)?)?|внеш(?:н\w{2,3})?)(?:[\s:_-]*(?:e-?mail|mail|sender|message|письмо|почта"
    r"|отправитель|сообщение))?\s*[\])}>*]{1,3}:?|ext(?:ernal)?\s*:"
    r"|[\[{*]{1,9}\s*(?:\w+\s+){0,2}(?:spam|спам)\b[^\]}*]{0,20}[\]}*]{1,9})\s*(?=\S)",
    re.IGNORECASE,
)
_WORDS = re.compile(
    r"<!--.*?-->|<(?P<unseen>style|script|title|head)\b.*?</(?P=unseen)\s*>|<[^>]*>|(?P<words>[^<]+)",
    re.IGNORECASE | re.DOTALL,
)
_BLOCK = re.compile(r"</?(?:p|div|t[drh]|table|br|h\d|li|ul|hr)\b", re.IGNORECASE)
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_PARAGRAPH = re.compile(r"\n[ \t]*\n|\n(?=[-_*=]{2,}\s*\n)|(?<=[-_*=])\s*\n")
_TOP, _BOTTOM = 12_000, 5_000
"""How much of the markup is looked at for a banner and for a footer."""
_LONGEST_BANNER, _LONGEST_FOOTER = 700, 2500


def ungated_subject(subject: str) -> str:
    """Return a subject without the tag that says the mail came from outside, or may be spam."""
    return _TAG.sub(lambda match: match["answers"], subject)


def ungated_text(text: str) -> str:
    """Return a text part with the sender's own links, without the warning on top and the footer of a scanner."""
    if any(mark in text for mark in GATEWAY_HOSTS):
        text = _with_own_links(text)
    return _without_footer(_without_banner(text) if may_hold_banner(text[:_LONGEST_BANNER]) else text)


def ungated_html(source: str) -> str:
    """Return an HTML body like `ungated_text`; the markup around words that go stays, so that nothing else moves."""
    if any(mark in source for mark in GATEWAY_HOSTS):
        source = _IN_MARKUP.sub(lambda match: html.escape(ungated_url(html.unescape(match.group()))), source)
    return _without_footer_words(_without_banner_words(source))


def are_links_hidden(text: str, source: str) -> bool:
    """Whether a gateway has put links in place of most of a mail's own that only its server can read."""
    if not any(mark in text or mark in source for mark in _HIDING_MARKS):
        return False
    links = [*_ANCHOR.findall(source), *(text[start:end] for start, end in urls_in(text))]
    return 2 * sum(_HIDING.match(link) is not None for link in links) > len(links)


def _with_own_links(text: str) -> str:
    pieces, place = [], 0
    for start, end in urls_in(text):
        pieces += [text[place:start], ungated_url(text[start:end])]
        place = end
    return "".join([*pieces, text[place:]])


def _without_banner(text: str) -> str:
    ends = (match.end() for match in re.finditer(r"\n|\Z", text[:_LONGEST_BANNER]))
    place = max((end for end in ends if is_banner(text[:end])), default=0)
    return text[place:].lstrip("\n") if place else text


def _without_footer(text: str) -> str:
    """Cut the last paragraphs that are nothing but a footer, and the rule above them."""
    offset = max(0, len(text) - _LONGEST_FOOTER)
    end = len(text)
    for match in reversed(list(_PARAGRAPH.finditer(text[offset:]))):
        words = one_line(text[offset + match.end() : end])
        if is_footer(words):
            end = offset + match.end()
        elif not is_rule(words):
            break
    return text if end == len(text) else text[:end].rstrip("-_*= \t\n") + "\n"


def _without_banner_words(source: str) -> str:
    body = _BODY.search(source)
    start = body.end() if body else 0
    if not may_hold_banner(source[start : start + _TOP]):
        return source
    pieces: list[tuple[int, int, str]] = []
    for piece in _words_in(source, start, start + _TOP):
        pieces.append(piece)
        if sum(len(words) for _, _, words in pieces) > _LONGEST_BANNER:
            break
    count = next((n for n in range(len(pieces), 0, -1) if is_banner(_in_lines(source, pieces[:n]))), 0)
    return _without(source, pieces[:count])


def _without_footer_words(source: str) -> str:
    start = max(0, source.find("<", max(0, len(source) - _BOTTOM)))
    below: list[tuple[int, int, str]] = []
    gone = 0
    for piece in reversed(list(_words_in(source, start, len(source)))):
        below.append(piece)
        if is_footer(piece[2]):
            gone = len(below)
        elif not is_rule(piece[2]):
            break
    return _without(source, below[:gone][::-1])


def _words_in(source: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Yield where words of the markup begin and end, and the words."""
    for match in _WORDS.finditer(source, start, end):
        if match["words"] and (text := one_line(html.unescape(match["words"]))):
            yield match.start(), match.end(), text


def _in_lines(source: str, pieces: list[tuple[int, int, str]]) -> str:
    """Join words as they are seen: an empty line where a block begins or ends between them."""
    shown, place = "", 0
    for begin, end, words in pieces:
        shown += ("\n\n" if _BLOCK.search(source, place, begin) else " ") * bool(shown) + words
        place = end
    return shown


def _without(source: str, pieces: list[tuple[int, int, str]]) -> str:
    for begin, end, _ in reversed(pieces):
        source = source[:begin] + source[end:]
    return source
