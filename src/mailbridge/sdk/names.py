"""Names as headlines write them: one, several, those that look like several and are one."""

import re

from mailbridge.sdk.people import person_name

EDGES = re.compile(r"^[^\w@(]+|[\s,;:–—|•·-]+$")
"""What stands around a name and is no part of it."""
_WORD = r"(?:[^\W\d_a-zа-яёßà-ÿ][\w’'.\-]*)"
_BESIDE = r"[\u2600-\u27bf\ufe0f\u200d\U0001f000-\U0001faff]{1,8}"
"""Pictures that people put into their names."""
NAME = (
    rf"{_WORD}(?:\s+(?:{_WORD}|\({_WORD}\)|[\"“«]{_WORD}[\"”»](?=\s+{_WORD})|{_BESIDE}"
    r"|(?:von|van|der|de|da|di|del|la|le|bin|al|фон|ван|дер|де|ла|ле|ибн|бин|аль|эль)(?=\s)|(?:оглы|оглу|кызы)\b)){0,4}"
)
"""A pattern of words that can be a name: all with a capital."""
_WHOLE_NAME = re.compile(NAME)
_ROLE = re.compile(
    r"^(?:пользовател[ьюя]|участник[ау]?|сообществ[оу]|групп[ае]|страниц[ае]|паблику?"
    r"|community|group|page|(?:the )?user|member)"
    r"\s+(?=[A-ZА-ЯЁ\d@«\"“])",
    re.IGNORECASE,
)
_FULL_STOP = re.compile(r"(?<=[^\W\d_]{4})\.$")
"""The end of the sentence; initials and "Jr." keep theirs."""
_IN_PLACE = re.compile(
    r"(?<=\S)\s+(?:в|на|под|к|from|on|in|at)\s+(?:the\s+|your\s+|ваш\w+\s+)?(?:рассказ|новост|стать|тем[еыу]|запис|обсужден"
    r"|пост|блог|групп|сообществ|раздел|вопрос|альбом|фото|видео|сайт|страниц|форум|портал|товар"
    r"|story|news|article|topic|thread|post|blog|discussion|page|site|forum)\w*\b"
    r".*$",
    re.IGNORECASE,
)
"""Where it happened, told between the name and the verb: "Пользователь moonrise в рассказе «Маяк» добавил …"."""
_IN_QUOTES = re.compile(r"[«\"“](?P<name>[^«»\"“”]+)[»\"”]")
_QUOTED = re.compile(r"«[^«»]*»|„[^„“”]*[“”]|“[^“”]*”|\"[^\"]*\"")
_HELPERS = re.compile(r"\s+(?:has|have|just|also|только что|также|тоже)$", re.IGNORECASE)
_HANDLE = re.compile(r"\s*\(@\w{1,30}\)?\s*$")
_REST = re.compile(
    r"\s*+,?+\s*+(?:\b(?:и|and|et|und|e|y)\b\s*+)?(?:ещ[её]\s++|noch\s++)?\d++\s*+(?:\w+\s++)?(?:\w+\s++)?\w*\s*+$"
    r"|\s+(?:и|and|et|und|e)\s+(?:другие|others|autres|andere|altri)\s*$",
    re.IGNORECASE,
)
_AND = re.compile(r"\s+(?:и|and|et|und|e|y)\s+", re.IGNORECASE)
_TOGETHER = re.compile(r"\s*,\s+|\s+(?:и|and|et|und|e|y)\s+", re.IGNORECASE)
_SINGLE = re.compile(r"[^\W\d_a-zа-яёßà-ÿ][^\W\d_]*\.?")
"""A first name or a surname alone; a handle is none."""
_ALSO = r"(?:(?:also|также|тоже|теперь|теж|також)\s+)*(?!ответ\b)"
_OF_ONE = re.compile(
    _ALSO + r"(?!\w*(?:нрав|подоба))[а-яёіїєґ]+(?:ла?|лся|лась|[еёиє]т|[еи]тся|вся|(?<=[аяиі])в)\b", re.IGNORECASE
)
"""A verb that one person did, where the language shows it; "нравится" agrees with what is liked."""
_OF_SEVERAL = re.compile(_ALSO + r"[а-яёіїєґ]+(?:ли|лись|[уюая]т|[ую]тся)\b", re.IGNORECASE)
_VERB = re.compile(_ALSO + r"\w+(?:ed|es|[tkw]s|л[аи]?|л(?:ся|ась|ись)|[еёиуюая]т|[еиую]тся)\b", re.IGNORECASE)
_ADJECTIVE = re.compile(r"(?i:нов\w{2,4}|new|an?|the)\s+(?=[^\W\d_a-zа-яё])")
_TITLED = re.compile(r"(?:post|page|article|topic|thread|запис|стать|пост|тем|товар)\w*\s+[«\"“„]", re.IGNORECASE)
_NO_NAME = re.compile(
    r"(?:(?:у|на|в|во|к|под|о|об|за|по|из|для|с|со)\s+(?-i:[а-яё])|(?:on|in|at|for|to|of)\s+(?:the|your|page|post|article)\b)\w*|(?:[а-яё]{3,}(?:[аеиыя]ть|йте|[иь]те)(?:ся|сь)?|вы|вас|вам|вами|ваш\w*|тебе|тебя|нов\w{2,4}|кто-то|кому-то|посмотрите|появил\w*|вышл\w*|вышел|поступил\w*|получ\w+|оставлен\w*|добавлен\w*|опубликован\w*|пришл[аио]|был[аои]?|есть|это\w*"
    r"|you|your|new|someone|somebody|see|check|view|an?|the|there|this|hai|un|una|tu|tuo|tua|vous|votre|nouve\w+|sie|du|ihr\w*"
    r"|dein\w*|neue\w*|здравствуй\w*|привет|hi|hey|hello|hallo|ciao|bonjour|dear|facebook|вконтакте|одноклассники|vk)(?:\W|$)",
    re.IGNORECASE,
)
_ANYBODY = re.compile(
    r"(?:гост[ья]|клиент(?:ка)?|покупател(?:ь|ьница)|пользовател(?:ь|ьница)|посетител(?:ь|ьница)|пациент(?:ка)?|читател(?:ь|ьница)"
    r"|подписчик"
    r"|guest|customer|client|user|visitor|reader|buyer|shopper|patient|follower|subscriber|gast|kunde|cliente|client"
    r"|on|at|by|from|date|(?:just )?received|posted|submitted|added|created|published|arrived|waiting|pending"
    r"|awaiting(?: \w+)?"
    r"|notification|alert|details|needs? (?:moderation|approval)|requires? (?:moderation|approval))",
    re.IGNORECASE,
)
"""What somebody is called who is not named, and what a headline in capitals goes on with: "New Review Received"."""


def is_name(words: str) -> bool:
    """Whether words can be a person's name: few, all with a capital, no greeting and no network."""
    return bool(_WHOLE_NAME.fullmatch(words)) and not (_NO_NAME.match(words) or _ANYBODY.fullmatch(words))


def parts_of(name: str) -> list[str]:
    """Return a name and what a comma or an "and" divides in it: "Larch, Anna Smith" may tell Larch of Anna Smith."""
    return [name, *(_TOGETHER.split(name) if _TOGETHER.search(name) else ())]


def is_verb(words: str) -> bool:
    """Whether a word that announces something is a verb by its ending, and no noun such as "comment"."""
    return _VERB.match(words) is not None


def names_in(words: str, deed: str = "") -> list[str]:
    """Return the names in a part of a headline, without the "3 others"; [] when it names none.

    Args:
        words: What stands before or behind the words that say what was done.
        deed: Those words, where they follow: their number tells "Анна И Пётр" who did one thing from two people.
    """
    words = words.strip(" :").rpartition(": ")[2].strip()  # "Anna: new comment"
    alone = _REST.sub("", words)
    counted = alone != words
    shown = EDGES.sub("", EDGES.sub("", alone))
    words = _ROLE.sub("", shown)
    if words != shown:
        words = _IN_PLACE.sub("", words)
    if not words or _speaks(words, deed) or _TITLED.match(words):
        return []
    if whole := _IN_QUOTES.fullmatch(words):
        return [whole["name"].strip()]
    names = [_bare(name) for name in _parts(words, deed, counted)]
    if any(_speaks(name, deed) for name in names):
        return []  # "Matthew, you have …": the recipient
    return [name for name in names if 2 <= len(name) <= 80]


def _bare(name: str) -> str:
    return person_name(_FULL_STOP.sub("", EDGES.sub("", _HELPERS.sub("", _HANDLE.sub("", name)))))


def _speaks(words: str, deed: str) -> bool:
    """Whether they speak of a thing or to the recipient: "New comment", but not "New York Bakery commented"."""
    return bool(_NO_NAME.match(_ADJECTIVE.sub("", words) if is_verb(deed) else words) or _ANYBODY.fullmatch(words))


def _parts(words: str, deed: str, counted: bool) -> list[str]:  # noqa: FBT001 - a fact about the words
    """The single names; one that holds a comma or an "and" stays whole."""
    hidden = _QUOTED.sub(lambda match: "·" * len(match.group()), words)
    cuts = [match.span() for match in _TOGETHER.finditer(hidden)]
    ends = [0, *(end for _, end in cuts)]
    parts = [words[begin:end].strip() for begin, end in zip(ends, [*(at for at, _ in cuts), len(words)], strict=True)]
    if counted or len(parts) == 1:
        return parts
    return [words] if _OF_ONE.match(deed) or _is_one(parts, hidden, deed) else parts


def _is_one(parts: list[str], hidden: str, deed: str) -> bool:
    """Whether two parts are one name: "Smith, Anna", "Anna Smith, PhD", "Anna and Peter Smith", "Smith and Sons Ltd".

    Networks show whole names, so that one word beside a longer name hardly stands for a person of its own.
    """
    if len(parts) != 2:
        return False
    if _AND.search(hidden):
        return bool(_SINGLE.fullmatch(parts[0])) and (" " in parts[1] or bool(_SINGLE.fullmatch(parts[1])))
    return not _OF_SEVERAL.match(deed) and any(_SINGLE.fullmatch(part) for part in parts)
