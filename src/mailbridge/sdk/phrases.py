"""Phrases of a template's own: greetings, the recipient's words repeated, quotation marks around a text."""

import re
from collections.abc import Sequence

from mailbridge.sdk.deeds import actors_in
from mailbridge.sdk.names import is_name, parts_of
from mailbridge.sdk.text import fold

_GREETING = re.compile(
    r"\W*(?:здравствуй|добрый (?:день|вечер)|доброе утро|приветству|привет\b|уважаем|hello\b|hi\b|hey\b|dear\b|ciao\b"
    r"|bonjour\b|hallo\b)",
    re.IGNORECASE,
)
_FOOTER = re.compile(
    r"\W*(?:(?:это|данное)\s+)?(?:сообщени|письм|уведомлени)\w+\s+(?:был[ои]?\s+)?(?:отправлен|адресован|предназначен|сформирован|создан)"
    r"|\W*(?:вы\s+получ\w+\s+(?:эт|данн)\w+|если\s+вы\s+не\s+хотите|чтобы\s+(?:отписаться|не\s+получать))"
    r"|\W*this\s+(?:message|e-?mail|notification|mail)\s+(?:was|is|has\s+been)\s"
    r"|\W*you(?:\s+(?:are\s+receiving|received|have\s+received|get|got)|['’](?:re|ve)\s+(?:receiving|received))\s+this\s"
    r"|\W*if\s+you\s+(?:don['’]t|do\s+not|no\s+longer)\s+(?:want|wish)",
    re.IGNORECASE,
)
_OWN_WORDS = re.compile(
    r"(?:ваш\w*\s+(?:\w+\s+)?(?:комментари|запис|публикаци|пост|фото|видео|сообщени|отзыв|ответ|вопрос|тем)\w*"
    r"|вы\s+(?:на|от|о)?(?:писал|ветил|ставил)\w*"
    r"|your\s+(?:\w+\s+)?(?:comment|post|photo|video|message|review|reply|question|tweet|update)"
    r"|you\s+(?:wrote|said|commented|replied|posted|asked))\s*:\s*(?P<quoted>.*)",
    re.IGNORECASE,
)
_CALLS_A_PLACE = re.compile(
    r"(?:страниц|сообществ|групп|паблик|публичн|канал|магазин|компани|\bpage|community|group|channel|shop|company|pagina|gruppo"
    r"|seite|gruppe)\w*\s*[«\"“]?\s*$",
    re.IGNORECASE,
)
_CALLS_THE_SENDER = re.compile(
    r"\b(?:от|from|by|von|de|da|od)\s+(?:(?:the\s+)?(?:пользовател|участник|user|member)\w*\s+)?$", re.IGNORECASE
)
_BESIDE_NAME = re.compile(
    r"@\w{1,40}(?:\s*[·•|]\s*.{1,30})?"
    r"|(?:replying\s+to|in\s+reply\s+to|в\s+ответ|en\s+respuesta\s+a|en\s+réponse\s+à|als?\s+antwort\s+(?:auf|an)|in\s+risposta\s+a"
    r"|em\s+resposta\s+a|w\s+odpowiedzi\s+do)(?:\s+(?:and|и|y|et|und|e|i))?(?:[\s,]+(?:(?:and|и|y|et|und|e|i)\s+)?@\w{1,40}){1,10}",
    re.IGNORECASE,
)
_RATING = re.compile(
    r"(?:[★⭐]\ufe0f?\s?){1,5}☆{0,4}|(?:оценка|рейтинг|rating)\s*:?\s*(?P<number>[1-5])(?:\s*(?:из|/|of|out of)\s*5)?",
    re.IGNORECASE,
)
_LONGEST_POSITION = 120
_POSITION = re.compile(
    r"^(?=(?-i:[^\Wa-zа-яё_]))(?:.*\b)?(?:manager|director|engineer|designer|developer|owner|founder|ceo|cto|cfo|coo|vp|president|head|lead|chief|officer"
    r"|consultant|specialist|analyst|architect|assistant|partner|student|professor|teacher|lecturer|editor|journalist|marketer"
    r"|recruiter|buyer|purchas\w+|sales|accountant|lawyer|attorney|freelance\w*|entrepreneur|coordinator|administrator|expert"
    r"|coach|trainer|nurse|doctor|scientist|researcher|writer|photographer|baker|chef|driver|technician|executive|investor"
    r"|менеджер|директор|инженер|дизайнер|разработчик|владел\w+|основател\w+|руководител\w+|начальник|специалист"
    r"|консультант|аналитик|архитектор|ассистент|партн[её]р|студент\w*|преподаватель|редактор|журналист|маркетолог"
    r"|бухгалтер|юрист|предприниматель|координатор|эксперт|тренер|закупщик|geschäftsführer\w*|leiter\w*|inhaber\w*"
    r"|ingenieur\w*|directeur|directrice|responsable|gérant\w*|direttore|titolare|gerente)\b",
    re.IGNORECASE,
)
_SPEAKS = re.compile(
    r"[?!;]|\.\s|[.,:]$|\b(?:i|i'm|we|you|your|our|my|please|thanks?|need|hello|hi|dear|я|мы|вы|вам|вас|ваш\w*|наш\w*|нам|нас|мне"
    r"|нужн\w+|ищ\w+|здравствуйте|добрый|ich|wir|sie|ihr\w*|je|nous|vous)\b",
    re.IGNORECASE,
)
_PICTURE = re.compile(r"photo|picture|image|avatar|profile|logo|фото|аватар|изображен|профил|логотип", re.IGNORECASE)
_WRAPPED = re.compile(r"«([^«»]*)»|\"([^\"]*)\"|“([^“”]*)”|„([^„“”]*)[“”]", re.DOTALL)


def own_words(line: str) -> re.Match[str] | None:
    """Match a line by which a template repeats what the recipient had written; `quoted` is what follows on it."""
    return _OWN_WORDS.fullmatch(line)


def calls_a_place(words: str) -> bool:
    """Whether the name that follows these words is that of a group or page."""
    return bool(_CALLS_A_PLACE.search(words))


def calls_the_sender(words: str) -> bool:
    """Whether the name that follows these words is whose message or comment it is: "… a message from"."""
    return bool(_CALLS_THE_SENDER.search(words))


def is_beside_name(line: str) -> bool:
    """Whether a line holds but the handle that belongs to a name, or to whom an answer is: "Replying to @oak"."""
    return bool(_BESIDE_NAME.fullmatch(line))


def is_greeting(words: str) -> bool:
    """Whether a line speaks to the recipient."""
    return bool(_GREETING.match(words))


def is_footer(words: str) -> bool:
    """Whether a line says why the recipient gets such mails or how to get none."""
    return bool(_FOOTER.match(words))


def agrees(subject: str, names: Sequence[str]) -> bool:
    """Whether a headline with these names can announce what the subject announces.

    A stranger's words may look like a headline; the subject is the network's own. Names may be in another case.
    """
    expected = [part for name in actors_in(subject) for part in parts_of(name)]
    if not expected or not names:
        return True
    return any(alike(one, other) for one in expected for other in names)


def alike(one: str, other: str) -> bool:
    """Whether two names can be one person's: in another case, or with the surname left out."""
    pairs = list(zip(fold(one).split()[:2], fold(other).split()[:2], strict=False))
    return bool(pairs) and all(left[:3] == right[:3] for left, right in pairs)


def unquoted(text: str) -> str:
    """Return a text without the quotation marks that a template put around the whole of it."""
    match = _WRAPPED.fullmatch(text.strip())
    return next(part for part in match.groups() if part is not None).strip() if match else text


def names_somebody(alt: str) -> bool:
    """Whether the words that stand for a portrait are a person's whole name, and not what pictures are called."""
    return " " in alt and is_name(alt) and not _PICTURE.search(alt)


def is_position(line: str) -> bool:
    """Whether a line says what somebody works as: "Purchasing Manager at Hotel Alfa", and speaks to nobody."""
    return len(line) <= _LONGEST_POSITION and bool(_POSITION.search(line)) and not _SPEAKS.search(line)


def stars_in(text: str) -> tuple[int | None, str]:
    """Take the line with stars or a rating out of a review: (1 to 5, the other lines); (None, text) if none has."""
    lines = text.split("\n")
    for at, line in enumerate(lines):
        match = _RATING.fullmatch(line.strip())
        if match:
            stars = int(match["number"]) if match["number"] else line.count("★") or line.count("⭐")
            return stars if 1 <= stars <= 5 else None, "\n".join(lines[:at] + lines[at + 1 :]).strip()
    return None, text
