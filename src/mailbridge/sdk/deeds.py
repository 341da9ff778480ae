"""What a headline such as "Anna Smith commented on your post" says: who did what."""

import re
from dataclasses import dataclass
from functools import lru_cache

from mailbridge.sdk.deed_words import DEEDS
from mailbridge.sdk.interest import Kind
from mailbridge.sdk.names import NAME, is_verb, names_in
from mailbridge.sdk.text import one_line

_LONGEST = 600
_BEGINS = r"(?<![^\W_])"
_PHRASES = tuple(
    (language, kind, re.compile(f"{_BEGINS}(?:{phrases})", re.IGNORECASE))
    for language, words in DEEDS
    for kind, phrases in words
)
_ANY_PHRASE = re.compile(f"{_BEGINS}(?:{'|'.join(f'({phrases})' for _, words in DEEDS for _, phrases in words)})")
"""All of them, a group each, for words in small letters: most lines hold none, and one look tells."""
_QUOTED = re.compile(r"«.*»|„.*[“”]|“.*”|\".*\"|\"[^\"]*$|«[^»]*$|“[^”]*$")
_QUOTED_VERB = re.compile(r"[«\"“]((?:мне )?нравится|класс!?|мне нравится|like|mi piace|j'aime)[»\"”]", re.IGNORECASE)
_TRADE_MARKS = ("Tweeted", "Retweeted", "Reposted")
_YOURS = re.compile(
    r"(?:\bваш\w*|\byour|\btuo|\btua|\bvotre|\bdein\w*|\bihr\w*)(?:\s+(?:нов|перв|last|first|new)\w*)?\s*$",
    re.IGNORECASE,
)
# As in поделился(ась), оставил(а), отправил(-а) and ответил/а.
_BOTH_GENDERS = re.compile(r"(?<=[а-я])(?:\(-?(?:л?ась|л?а|л?и|сь)\)|/(?:л?ась|л?а)\b)")
_TAGS = re.compile(r"^\s*(?:(?:\[[^\[\]]{1,40}\]|\*{2,9}[^*]{1,40}\*{2,9}|\{[^{}]{1,40}\})\s*)+(?=\S)")
_NAME_AFTER = re.compile(
    rf"\s*:?\s*(?i:(?:от|from|da|von|by|пользовател\w+)\s+){{0,2}}(?:(?P<name>{NAME})|@(?P<handle>{NAME}|[\w.-]{{2,40}}))"
)
_GOES_ON = re.compile(
    r"[’'-]?\w|\s+(?!(?:on|to|in|at|about|of|for|via|with|from|and|has|is|was|just|likes?|says?|said|wrote|na|und|zu|auf|et|sur|su"
    r"|на|к|ко|в|во|о|об|про|под|с|со|из|от|и|через|только|пишет|написала?|оставила?)\b)[^\W\d_A-ZА-ЯЁ]"
)
"""Behind a name a word that belongs to none: the capital only began a title, as in "New comment: Oak shelves"."""
_MADE_BY = re.compile(
    rf"\b(?:(?:posted|written|left|made|submitted|added)\s+by|by(?=[^:]{{1,80}}:$)|from(?=[^:]{{1,80}}:$)"
    rf"|(?:оставлен|добавлен|написан)\w*\s+пользовател\w+|от(?=[^:]{{1,80}}:$))"
    rf"\s+(?:(?P<name>{NAME})|@(?P<handle>{NAME}|[\w.-]{{2,40}}))"
)
"""Whose deed it was, further down the line: "… on page X by Anna Smith:"."""
_FROM_AT_END = re.compile(rf"\b(?:from|by|от)\s+(?P<name>{NAME}\s+{NAME}?)(?<!\w\w\.)[.!]?$")
"""The same where nothing follows: a name of two words at least, for one may be a page's."""
_BY_SOMEBODY = frozenset({"comment", "review", "mention"})
_SHOWN = re.compile(
    r"\W*(?i:посмотрите|see|view|check\s+out|guarda|découvrez)\s+(?i:(?:нов|перв)\w+\s+)?"
    r"(?i:(?:комментари|публикаци|фото|видео|запис|ответ|пост|опрос|обновлени|трансляци)\w*\s+)?"
    rf"(?P<name>{NAME}?)(?:['’]s\b|\s+(?i:в\s+(?:групп|сообществ)|на\s+страниц)|\s*$)"
)
_TITLE_ENDS = (":", "|", "—", "–")
_NAMED_LIKE_A_VERB = re.compile(
    rf"(?P<name>{NAME}(?:\s[&+]\s{NAME})?)\s+(?:(?:also|has|just|также|тоже|только что)\s+){{0,2}}"
)


@dataclass(frozen=True, slots=True)
class Deed:
    """What a headline announces.

    Attributes:
        kind: What was done.
        language: Of the words that say so.
        start: Where those words begin in the headline.
        end: Where they end.
    """

    kind: Kind
    language: str
    start: int
    end: int


@lru_cache(maxsize=2048)  # the captions and the footer of a template come again with each of its mails
def deed_in(headline: str, *names: str) -> Deed | None:
    """Return what a headline announces, by its first verb; quotations and the given names say nothing."""
    words = _masked(_plain(headline), names)
    found = _first_seen(words)
    if found is not None and words[found.start].isupper() and is_verb(words[found.start : found.end]):
        name = _NAMED_LIKE_A_VERB.match(words, found.start)
        behind = _first_deed(words, name.end()) if name and name.end("name") > found.end else None
        if name and behind and behind.start == name.end():
            return behind
    return found


def _first_seen(words: str) -> Deed | None:
    lower = words.lower()
    if len(lower) != len(words):  # "İ" is two characters then, and no place would be the same
        return _first_deed(words)
    match = _ANY_PHRASE.search(lower)
    if match is None or match.lastindex is None:
        return None
    language, kind, _ = _PHRASES[match.lastindex - 1]
    return Deed(kind, language, *match.span()) if _is_deed(words, match, language) else _first_deed(words)


def _first_deed(words: str, at: int = 0) -> Deed | None:
    """Return the first phrase of any language that is a verb, from a position on."""
    found: Deed | None = None
    for language, kind, phrase in _PHRASES:
        for match in phrase.finditer(words, at):
            if found is not None and match.start() >= found.start:
                break
            if _is_deed(words, match, language):
                found = Deed(kind, language, *match.span())
                break
    return found


def _is_deed(words: str, match: re.Match[str], language: str) -> bool:
    return _is_verb(words, match.start(), language) and not _YOURS.search(words, 0, match.start())


def actors_in(headline: str) -> list[str]:
    """Return the names of those who did what a headline announces, without the "3 others"; empty when it names none."""
    headline = _plain(headline)
    shown = _SHOWN.match(headline)
    if shown:
        return names_in(shown["name"])
    deed = deed_in(headline)
    if deed is None:
        return []
    if headline[deed.start].isupper() and headline[: deed.start].rstrip().endswith(_TITLE_ENDS):
        return []  # "Oak Blog: New comment": a title, and no name
    words = re.sub(r"^A\s", "", headline[: deed.start]) if deed.language == "it" else headline[: deed.start]
    before = names_in(words, headline[deed.start : deed.end])
    if before:
        return before
    masked = _masked(headline, ())
    after = _NAME_AFTER.match(headline, deed.end) or _MADE_BY.search(masked, deed.end)
    if after and after["handle"]:
        return [after["handle"]]
    named = names_in(after["name"]) if after and not _GOES_ON.match(headline, after.end()) else []
    last = _FROM_AT_END.search(masked, deed.end) if not named and deed.kind in _BY_SOMEBODY else None
    return names_in(last["name"]) if last else named


def said_in(headline: str, deed: Deed | None) -> str:
    """Return the words that a headline itself quotes behind what it announces, as in "Anna commented: “Hello”"."""
    return headline[deed.end :].partition(": ")[2].strip() if deed else ""


def untagged(subject: str) -> str:
    """Return a subject without the tags that lists and gateways put before it, such as "[sales]", "***SPAM***"."""
    return _TAGS.sub("", subject)


def _plain(headline: str) -> str:
    return _BOTH_GENDERS.sub("", untagged(one_line(headline))[:_LONGEST])


def _is_verb(words: str, start: int, language: str) -> bool:
    """A capital inside a headline begins a name ("Иван Лайков"), but in German also every noun, and a trade mark."""
    before = words[:start].rstrip()
    begins = before.endswith(_TITLE_ENDS) or not any(sign.isalnum() for sign in before)
    is_small = language == "de" or not words[start].isupper() or begins
    return is_small or words[start:].startswith(_TRADE_MARKS)


def _masked(headline: str, names: tuple[str, ...]) -> str:
    """Blank out what others wrote, keeping every position."""
    words = _QUOTED_VERB.sub(lambda match: f" {match[1]} ", headline)
    words = _QUOTED.sub(lambda match: "·" * len(match.group()), words)
    for name in names:
        if name:
            words = words.replace(name, "·" * len(name))
    return words
