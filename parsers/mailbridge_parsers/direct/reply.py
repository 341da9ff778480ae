"""What a person wrote in a mail: without the quoted mail below or above it and without the signature."""

import re
from dataclasses import dataclass

from mailparser_reply.parser import EmailMessage

from mailbridge.sdk import clean

# Languages whose quotes the library knows and that are near enough; it knows no Russian.
_LIBRARY_LANGUAGES = ("en", "de", "fr", "es", "it")
# Its expressions are slow on long lines, and a quote starts with short ones.
_SCANNED_LINES, _SCANNED_WIDTH = 400, 200

_QUOTED = re.compile(r"^\s*>")
_ADDRESS_AT_END = re.compile(r"[<(\[]?\s*[\w.%+'-]+@[\w.-]+\s*[>)\]]?\s*:$")
_DIGIT = re.compile(r"\d")
_WHEN = re.compile(r"\d{1,2}:\d{2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\b(?:19|20)\d\d\b")
_UNDERSCORES = re.compile(r"^\s*[_-]{20,}\s*$")
_SHORT_RULE = re.compile(r"^\s*-{10,19}\s*$")
_MANY_BREAKS = re.compile(r"\n{3,}")
_WROTE = re.compile(
    r"(?:пишет|писала?|пишете|писал\(а\)|написала?|написал\(а\)|написали|писали|пише|написав|написала|писав"
    r"|wrote|writes|schrieb|a écrit|escribió|ha scritto|napisał\(a\)|napsal\(a\))"
    r"(?:\s{1,20}(?:в|во|on|at)\s{1,20}[^:]{0,60}|[^:]{0,60}\d[\d., :гг/-]*)?\s{0,20}:\s{0,20}$",
    re.IGNORECASE,
)
_RULE = re.compile(
    r"^[\s>]*[-_=*]{2,}\s*(?:исходное сообщение|исходное письмо|оригинальное сообщение|конец пересылаемого сообщения"
    r"|original message|original appointment|ursprüngliche nachricht|message d'origine|mensaje original"
    r"|messaggio originale|вихідне повідомлення)\s*[-_=*]*\s*$",
    re.IGNORECASE,
)
_HEADER_LABELS = (
    r"от(?: кого)?|from|von|de|da|від|отправлено|дата|date|sent|gesendet|datum|envoyé|enviado|fecha|inviato|data"
    r"|надіслано|кому|to|an|à|para|a|копия|cc|кк|копія|тема|subject|betreff|objet|asunto|oggetto|reply-to|важность"
)
_HEADER = re.compile(rf"^[\s>*]*\*?(?P<label>{_HEADER_LABELS})\s?\*?\s?[:：]\*?\s*(?P<value>.*?)\*?\s*$", re.IGNORECASE)
_FROM = re.compile(r"^(?:от(?: кого)?|from|von|de|da|від)$", re.IGNORECASE)
_SENT = re.compile(
    r"^(?:отправлено|дата|date|sent|gesendet|datum|envoyé|enviado|fecha|inviato|data|надіслано|кому|to|an|à|para|a)$",
    re.IGNORECASE,
)

_LONGEST_HEAD = 15
_DASHES = re.compile(r"^\s*--\s?$")
_LONGEST_SIGNATURE = 25
_LONGEST_CARD = 12
_FORMULA = re.compile(
    r"(?:с (?:наилучшими )?(?:уважением|пожеланиями|наилучшими пожеланиями)|(?:best|kind|warm|with best|many)? ?regards"
    r"|best wishes|sincerely(?: yours)?|yours (?:sincerely|faithfully|truly)|cheers|всего доброго|заранее (?:спасибо"
    r"|благодар\w+)|з повагою|mit freundlichen grüßen)[,.!]?",
    re.IGNORECASE,
)
_POSTSCRIPT = re.compile(r"\s*(?:p\.? ?s|з\.? ?ы|ps)\b", re.IGNORECASE)
_DEVICE = re.compile(
    r"^\s*(?:отправлено (?:с|со|из|от) |відправлено (?:з|із) |послано (?:с|из) |sent (?:from|via) |get outlook for |"
    r"получить outlook для |скачать outlook для |gesendet von |envoyé de(?:puis)? |enviado desde |inviato da )"
    r".{0,60}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Words:
    """A mail's own words.

    Attributes:
        text: What the person wrote, with a closing formula, without signature and quotes.
        signature: What stood below the signature's dashes, "" when there were none.
    """

    text: str
    signature: str = ""


def own_words(body: str) -> Words:
    """Return what the person who sent a mail wrote; the whole body when all of it looks quoted."""
    lines = clean(body).split("\n")
    own = _without_signature(_without_quotes(lines))
    return own if own.text or not body.strip() else Words(clean(body))


def _without_quotes(lines: list[str]) -> list[str]:
    start = quote_start(lines)
    if start is None:
        return _unquoted(lines)
    above = _unquoted(lines[: start.at])
    below = lines[start.body :]
    if any(_QUOTED.match(line) for line in below):
        # Answers may stand between and below quoted lines; without such lines the rest is the quoted mail itself.
        return [*above, *_unquoted(_skip_attributions(below))]
    return above


def _unquoted(lines: list[str]) -> list[str]:
    return [line for line in lines if not _QUOTED.match(line)]


def _skip_attributions(lines: list[str]) -> list[str]:
    kept: list[str] = []
    rest = lines
    while rest:
        start = quote_start(rest)
        if start is None:
            return [*kept, *rest]
        kept += rest[: start.at]
        rest = rest[start.body :]
        if not any(_QUOTED.match(line) for line in rest):
            return kept
    return kept


@dataclass(frozen=True, slots=True)
class QuoteStart:
    """Where a quoted mail starts: first line of what announces it, first line of its body."""

    at: int
    body: int


def quote_start(lines: list[str]) -> QuoteStart | None:
    """Return where the first quoted mail starts, or None."""
    found = [start for start in (_own_start(lines), _library_start(lines)) if start]
    return min(found, key=lambda start: start.at, default=None)


def _own_start(lines: list[str]) -> QuoteStart | None:
    for at, line in enumerate(lines):
        if _RULE.match(line):
            return QuoteStart(at, at + 1)
        if (size := attribution_size(lines, at)) or (size := header_block_size(lines, at)):
            return QuoteStart(_head_above(lines, at), at + size)
    return None


def _head_above(lines: list[str], at: int) -> int:
    """Where what announces a quote begins: To and Subject may stand above who wrote, and a rule above all."""
    while at and (match := _HEADER.match(lines[at - 1])) and match["value"].endswith(";"):
        at -= 1
    return at - (
        at > 0 and (_UNDERSCORES.match(lines[at - 1]) is not None or _SHORT_RULE.match(lines[at - 1]) is not None)
    )


def attribution_size(lines: list[str], at: int) -> int:
    """Return how many lines from here say who wrote the mail below and when ("… Anna <a@example.org>:"), or 0."""
    line = lines[at].strip()
    if not line or _QUOTED.match(line):
        return 0
    if _attributes(line, lines[at + 1 : at + 4]):
        return 1
    following = lines[at + 1].strip() if at + 1 < len(lines) else ""
    wrapped = following and not line.endswith((".", "!", "?", ":")) and len(line) < 120 and _WHEN.search(line)
    return 2 if wrapped and _attributes(f"{line} {following}", lines[at + 2 : at + 5]) else 0


def _attributes(line: str, below: list[str]) -> bool:
    """A line that tells when and who, and ends with a colon; words alone count only above quoted lines."""
    if len(line) > 300 or not line.endswith(":") or not (_WHEN.search(line) or "@" in line):
        return False
    if _ADDRESS_AT_END.search(line):
        return _WHEN.search(line.partition("@")[0]) is not None
    return _WROTE.search(line) is not None and ("@" in line or any(_QUOTED.match(each) for each in below))


def header_block_size(lines: list[str], at: int) -> int:
    """Return how many lines from here are the head of a mail (From, Sent, To, Subject in any order), or 0."""
    labels, end = [], at
    while end < min(len(lines), at + _LONGEST_HEAD) and (match := _HEADER.match(lines[end])):
        labels.append(match["label"])
        end += 1
    has_from = any(_FROM.match(label) for label in labels)
    has_more = any(_SENT.match(label) for label in labels)
    names_somebody = any("@" in line for line in lines[at:end])
    return end - at if has_from and has_more and (len(labels) > 2 or names_somebody) else 0


def header_values(lines: list[str]) -> dict[str, str]:
    """Return the lines of such a head as label (lower case) → value."""
    matches = [match for line in lines if (match := _HEADER.match(line))]
    return {match["label"].casefold(): match["value"].strip() for match in reversed(matches)}


def _library_start(lines: list[str]) -> QuoteStart | None:
    """Ask the library for other languages; it finds header blocks by two labels, so the block must name somebody."""
    scanned = "\n".join(line[:_SCANNED_WIDTH] for line in lines[:_SCANNED_LINES])
    replies = EmailMessage(text=scanned, languages=list(_LIBRARY_LANGUAGES), keep_hyphen_lists=True).read().replies
    header = next((reply.headers for reply in replies if reply.headers), "")
    head = header.split("\n")
    if not header or not ("@" in header or _DIGIT.search(header)) or (len(head) > 1 and "@" not in header):
        return None
    at = next((number for number, line in enumerate(lines) if line.strip().startswith(head[0].strip())), None)
    return None if at is None else QuoteStart(at, at + len(head))


def _without_card(lines: list[str]) -> tuple[list[str], str]:
    """Cut what stands below a closing formula and a name: post, company, numbers; a postscript is no part of it."""
    formula = next((n for n in reversed(range(len(lines))) if _FORMULA.fullmatch(lines[n].strip())), None)
    if formula is None:
        return lines, ""
    below = [n for n in range(formula + 1, len(lines)) if lines[n].strip()]
    named = below and not _DIGIT.search(lines[below[0]]) and "@" not in lines[below[0]]
    card = below[1:] if named else below
    if not card or len(below) > _LONGEST_CARD or any(_speaks(lines[n]) for n in card):
        return lines, ""
    return lines[: card[0]], "\n".join(lines[card[0] :])


def _speaks(line: str) -> bool:
    """Whether a line is something said and no part of a visiting card."""
    return len(line.split()) > 14 or line.rstrip().endswith(("?", "!")) or _POSTSCRIPT.match(line) is not None


def _without_signature(lines: list[str]) -> Words:
    dashes = next((number for number, line in enumerate(lines) if _DASHES.match(line)), None)
    signature = ""
    if (
        dashes is not None
        and len(lines) - dashes <= _LONGEST_SIGNATURE
        and any(line.strip() for line in lines[:dashes])
    ):
        signature = "\n".join(lines[dashes + 1 :])
        lines = lines[:dashes]
    else:
        lines, signature = _without_card(lines)
    filled = [number for number, line in enumerate(lines) if line.strip()]
    device = next((number for number in filled[-2:] if _DEVICE.match(lines[number])), None)
    if device is not None:
        lines = lines[:device]
    return Words(_MANY_BREAKS.sub("\n\n", clean("\n".join(lines))), clean(signature))
