"""Mails that a colleague passed on by hand: whose they are and what they say. Nothing in them is authenticated."""

import re
from dataclasses import dataclass, replace
from itertools import takewhile

from mailbridge.sdk import Address, Headers, Mail, Trust, clean, one_line
from mailbridge.sdk.people import emails_in
from mailbridge_parsers.direct.body import words_of
from mailbridge_parsers.direct.reply import Words, attribution_size, header_block_size, header_values, own_words

_SUBJECT = re.compile(r"^\s*\[?(?:fwd?|wg|tr|rv|enc|i|пересл|пер|fw)\s*:\s*", re.IGNORECASE)
_REPLY_SUBJECT = re.compile(
    r"^\s*(?:(?:re|aw|sv|antw|odp|ответ|отв|на|fwd?|wg|tr|rv|пересл)\s*(?:\[\d+\])?:\s*)+", re.IGNORECASE
)
_MARKER = re.compile(
    r"^[\s>]*(?:[-_=*]{3,}\s{0,20})?(?:forwarded message|forwarded by .{1,60}|begin forwarded message"
    r"|пересылаемое сообщение"
    r"|пересланное сообщение|переадресованное сообщение|перенаправленное сообщение|начало пере(?:сылаемого"
    r"|адресованного|сланного) (?:сообщения|письма)|пересылаемое письмо|пересланное письмо|пересылане повідомлення"
    r"|переслане повідомлення|weitergeleitete nachricht|anfang der weitergeleiteten (?:nachricht|e-mail)"
    r"|message transféré|début du message (?:transféré|réexpédié)|mensaje reenviado|messaggio inoltrato)"
    r"\s{0,20}:?\s{0,20}[-_=*]*\s{0,20}:?\s{0,20}$",
    re.IGNORECASE,
)
_END = re.compile(r"^[\s>]*[-_=*]{2,}\s*(?:конец пере|end (?:of )?forwarded).*$", re.IGNORECASE)
_FROM_LABELS = ("от", "от кого", "from", "von", "de", "da", "від")
_SUBJECT_LABELS = ("тема", "subject", "betreff", "objet", "asunto", "oggetto")
_BRACKETED = re.compile(r"[<(\[]\s*(?:mailto:)?[^<>()\[\]\s]+@[^<>()\[\]\s]+\s*[>)\]]")
_WHO = re.compile(
    r"(?:^|[,»\"] ?|\bот |\bat |\bв )\s{0,20}(?P<name>[^,<>()@]{1,80}?)\s{0,20}"
    r"[<(]?[\w.%+'-]+@[\w.-]+[>)]?\s{0,20}:\s{0,20}$"
)
_DEEPEST = 5
_MARK = re.compile(r"^\s*> ?")
_NO_TRUST = Trust("unknown", "forwarded")


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The mail inside: who wrote it, about what, what; `note` is what the person who passed it on added."""

    author: Address
    subject: str
    words: Words
    note: str


def bare_subject(subject: str) -> str:
    """Return the subject without Re:, Fwd: and their like."""
    return _REPLY_SUBJECT.sub("", subject).strip()


def forwarded(mail: Mail) -> Forwarded | None:
    """Return the innermost mail that was passed on by hand, or None when there is none."""
    if mail.inner:
        return _attached(mail)
    lines = clean(words_of(mail)).split("\n")
    found = _inline(lines, marked=_SUBJECT.match(mail.subject) is not None)
    if found is None:
        return None
    for _ in range(_DEEPEST):
        deeper = _inline(found.body, marked=False)
        if deeper is None or own_words("\n".join(deeper.above)).text:
            break
        found = _Inline(found.above, deeper.author, deeper.subject or found.subject, deeper.body)
    return Forwarded(
        author=found.author,
        subject=bare_subject(found.subject or mail.subject),
        words=own_words("\n".join(found.body)),
        note=own_words("\n".join(found.above)).text,
    )


def enclosed_mail(mail: Mail, found: Forwarded) -> Mail:
    """Return the innermost mail as one of its own, without a good word for it; ids and times are the outer mail's."""
    shown = replace(
        mail,
        headers=Headers(),
        subject=found.subject,
        senders=(found.author,),
        reply_to=(),
        recipients=(mail.sender, *mail.recipients),
        text=found.words.text,
        html_source="",
        inner=(),
        trust=_NO_TRUST,
    )
    inner = mail
    while inner.inner and inner.sender.email != found.author.email:
        inner = inner.inner[0]
    if inner is mail:
        return shown
    return replace(
        shown,
        headers=inner.headers,
        reply_to=inner.reply_to,
        recipients=(*shown.recipients, *inner.recipients),
        text=inner.text,
        html_source=inner.html_source,
        attachments=inner.attachments,
    )


def _attached(mail: Mail) -> Forwarded | None:
    inner = mail.inner[0]
    for _ in range(_DEEPEST):
        if not inner.inner or own_words(words_of(inner)).text:
            break
        inner = inner.inner[0]
    if not inner.sender.email:
        return None  # a file like any other
    return Forwarded(
        author=inner.sender,
        subject=bare_subject(inner.subject or mail.subject),
        words=own_words(words_of(inner)),
        note=own_words(words_of(mail)).text,
    )


@dataclass(frozen=True, slots=True)
class _Inline:
    above: list[str]
    author: Address
    subject: str
    body: list[str]


def _inline(lines: list[str], *, marked: bool) -> _Inline | None:
    """Find the head of a mail below a marker, or, when the subject says so, the first head at all."""
    marker = next((at for at, line in enumerate(lines) if _MARKER.match(line)), None)
    if marker is None and not marked:
        return None
    start = 0 if marker is None else marker + 1
    rest = _without_marks(lines[start:])
    for at, line in enumerate(rest):
        if size := header_block_size(rest, at):
            values = header_values(rest[at : at + size])
            author = _address(next((values[label] for label in _FROM_LABELS if label in values), ""))
            subject = next((values[label] for label in _SUBJECT_LABELS if label in values), "")
        elif size := attribution_size(rest, at):
            author, subject = _address_in_attribution(" ".join(rest[at : at + size])), ""
        elif line.strip() and marker is not None:
            return None
        else:
            continue
        above = lines[:marker] if marker is not None else lines[:at]
        body = rest[at + size :]
        body = _marked_only(body) if _MARK.match(line) else body
        return _Inline(above, author, one_line(subject), _until_end(body))
    return None


def _without_marks(lines: list[str]) -> list[str]:
    """Apple Mail quotes the whole forwarded mail; one level of marks is the forward's own."""
    filled = [line for line in lines if line.strip()]
    if filled and all(map(_MARK.match, filled)):
        return [_MARK.sub("", line) for line in lines]
    return lines


def _marked_only(lines: list[str]) -> list[str]:
    """Below a head that is marked as quoted, only marked lines are of the mail inside; the rest is the forwarder's."""
    inside = takewhile(lambda line: not line.strip() or _MARK.match(line), lines)
    return [_MARK.sub("", line) for line in inside]


def _until_end(lines: list[str]) -> list[str]:
    end = next((at for at, line in enumerate(lines) if _END.match(line)), len(lines))
    return lines[:end]


def _address(value: str) -> Address:
    email = next(iter(emails_in(value)), "")
    name = _BRACKETED.sub("", value)
    return Address(one_line(name).strip("\"' ") if "@" not in name else "", email)


def _address_in_attribution(line: str) -> Address:
    who = _WHO.search(line)
    return Address(one_line(who["name"]).strip("\"' ") if who else "", next(iter(emails_in(line)), ""))
