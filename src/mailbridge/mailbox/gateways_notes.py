"""The notes that mail gateways and scanners write into mails: what they say, in Russian and English above all."""

import re

from mailbridge.sdk.text import one_line

_FROM_OUTSIDE = re.compile(
    r"\bexternal\s+(?:e-?mail|sender|source|message|address)|\boutside\s+(?:of\s+)?(?:the|your|our|this|my)?\s*(?:\w+\s+)?"
    r"(?:organi[sz]ation|company|network|institution|university|firm)|don.t often get e-?mail from"
    r"|внешн\w+\s+(?:отправител|адрес|источник|почт|письм|сет|домен)|из-?\s?за\s+предел"
    r"|вне\s+(?:ваш\w+\s+|наш\w+\s+)?(?:организац|компани)"
    r"|(?:нечасто|не часто|редко)\s+получаете\s+(?:\w+\s+)?(?:писем|письма|электронн|сообщени)",
    re.IGNORECASE,
)
_BE_CAREFUL = re.compile(
    r"(?:\b(?:do not|don.t|never|please|be|use|exercise|avoid|verify|think|report|only|unless)\b|\bне\b|будьте|соблюда"
    r"|провер|проявля|остерег).*(?:links?|attachments?|sender|content|caution|care(?:ful)?\b|suspicious|вложени|ссылк"
    r"|отправител|осторожн|внимательн|бдительн|подозрительн)|why this is important|почему это важно",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"\W*(?:caution|warning|attention|external(?:\s+(?:e-?mail|sender|message))?|внимание|осторожно|предупреждение"
    r"|внешн\w+\s+\w+)?\W*",
    re.IGNORECASE,
)
_MARKERS = re.compile(r"ZjQcmQRYFpfpt(?:BannerStart|BannerEnd|PreheaderEnd)")
"""Proofpoint's, around its warning; nobody else writes them."""
_HINTS = ("external", "outside", "often get", "вне", "предел", "получаете", "zjqcmqry")
_SENTENCE = re.compile(r"[^.!?:]+[.!?:]*")
_LINE = re.compile(r"\n\s*\n|\n(?=\s*[^\sa-zа-яё])")
"""Where a sentence ends without a stop; a line that goes on in small letters was only folded."""
_ADDRESS = re.compile(r"<?https?://\S+|\S+@\S+")
_LONGEST = 700
_SCANNED = re.compile(
    r"\W*(?:(?:this|the|dieses?|cet?|это|данное|настоящее)\s+(?:\w+\s+)?(?:e-?mail|message|mail|nachricht|courriel|письмо"
    r"|сообщение)\b.{0,40}\b(?:checked|scanned|verified|проверен\w*|geprüft|vérifié)\b.{0,60}"
    r"(?:virus|malware|spam|вирус|mailscanner).{0,200}"
    r"|(?:virus-?free|без вирусов|checked by avg|проверено avg)\b.{0,60})",
    re.IGNORECASE,
)
_SCANNER = re.compile(
    r"\W*(?:www\.)?(?:avast|avg|kaspersky|eset|mailscanner|drweb)\.\w{2,6}\S*|\W*mailscanner\W*", re.IGNORECASE
)
_DISCLAIMING = tuple(
    re.compile(words, re.IGNORECASE)
    for words in (
        r"\bconfidential|\bprivileged|конфиденциальн",
        r"intended (?:solely|only|for)|sole use|предназначен\w*",
        r"recipient|addressee|named above|адресат|получател",
        r"notify|contact the sender|inform the sender|уведом|сообщите (?:об этом )?отправител",
        r"delete|destroy|удалите|уничтож|disclos|copying|распростран|разглаш|копирован",
        r"attachments?|attached|вложени|приложени",
    )
)
_LEAST_OF_DISCLAIMER = 4
"""Different ones of these in one paragraph: nobody writes four of them about something else."""
_RULE = re.compile(r"\W*")


def may_hold_banner(top: str) -> bool:
    """Whether it is worth a closer look."""
    lower = top.lower()  # quicker than a pattern that ignores case, and every mail comes by here
    return any(hint in lower for hint in _HINTS)


def is_banner(words: str) -> bool:
    """Whether words, lines kept, are nothing but a warning that a mail came from outside: every sentence of them."""
    bare = _MARKERS.sub(" ", words)
    if len(bare) > _LONGEST or not (_FROM_OUTSIDE.search(bare) or bare != words):
        return False
    lines = [one_line(line) for line in _LINE.split(_ADDRESS.sub(" ", bare))]
    sentences = [one for line in lines for one in _SENTENCE.findall(line)]
    return all(_HEADING.fullmatch(one) or _FROM_OUTSIDE.search(one) or _BE_CAREFUL.search(one) for one in sentences)


def is_footer(words: str) -> bool:
    """Whether words say that a scanner saw the mail, or warn everybody but the recipient."""
    if _SCANNED.fullmatch(words) or _SCANNER.fullmatch(words):
        return True
    return sum(one.search(words) is not None for one in _DISCLAIMING) >= _LEAST_OF_DISCLAIMER


def is_rule(words: str) -> bool:
    """Whether no word is among them: a line that divides."""
    return _RULE.fullmatch(words) is not None
