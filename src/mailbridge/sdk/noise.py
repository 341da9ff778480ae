"""Mails that a network sends about itself, told by their subject: codes, digests, advice, statistics."""

import re

from mailbridge.sdk.deeds import actors_in, deed_in, untagged
from mailbridge.sdk.text import fold

_QUOTED = re.compile(r"«.*?»|\".*?\"|“.*?”|„.*?[“”]")
_BRAND = re.compile(
    r"^(?:facebook|вконтакте|vk|odnoklassniki(?:\.ru)?|одноклассники|ok\.ru|instagram|linkedin|youtube):\s+"
)
_SAID = re.compile(r":\s.*$")
_COUNTED = (
    (
        "digest",
        (
            r"у вас (?:есть )?(?:[2-9]|\d\d+|новые|непрочитанн\w+)\b",
            r"вас жд[уе]т",
            r"you have (?:[2-9]|\d\d+|unread|missed|new \w+s)\b",
            r"(?:hai|vous avez|du hast) (?:[2-9]|\d\d+)",
            r"\d+ (?:нов\w+ |new |unread )?(?:уведомлени\w+|notifications?|событи\w+|updates?)",
            r"notifications? pending",
            r"непрочитанн\w+ (?:сообщени|уведомлени)\w+",
            r"пока вас не было",
            r"ha(?:s|ve) been up to\b",
            r"while you were (?:away|out)",
            r"(?:вы|что вы) пропустили",
            r"you(?:'ve| have)? missed",
            r"what's (?:new|happening)",
            r"нов\w+ (?:запис\w+|публикаци\w+) в (?:вашей |твоей )?ленте",
        ),
    ),
    (
        "statistics",
        (
            r"(?:page|daily|weekly|monthly) (?:[a-z]+ ){0,2}?(?:update|summary|report|insights|statistics|stats)",
            r"(?:this|last|past) (?:week|month)\b",
            r"за (?:эту|прошл\w+|последн\w+) (?:недел|месяц)\w+",
            r"статистика (?:ваш\w+|страниц\w+|сообществ\w+|групп\w+|за)",
            r"congratulations on (?:reaching )?[\d,.]+\w* (?:subscribers|followers|views)",
            r"поздравляем с [\d ,.]+ (?:подписчик|просмотр)\w+",
            r"\d+ (?:человек\w*|пользовател\w+|люд\w+|people|person) (?:пр?осмотрел\w*|посетил\w*|viewed|visited)",
            r"итоги (?:года|месяца|недели)",
            r"еже(?:дневн|недельн|месячн)\w+ (?:отчет|сводк|обзор|статистик)\w*",
        ),
    ),
    ("newsletter", (r"new post in blog", r"нов\w+ запис\w+ в блоге", r"newsletter", r"вебинар\w*", r"webinars?\b")),
)
_PLAIN = (
    (
        "login_code",
        (
            r"код\w* (?:для|подтвержд\w+|доступа|авториз\w+|безопас\w+|входа|восстанов\w+)",
            r"(?:ваш|проверочн\w+|одноразов\w+) код",
            r"(?:login|security|verification|confirmation|access|recovery|one-time) code",
            r"is your .{0,30}code",
            r"codice di (?:sicurezza|conferma)",
            r"code de (?:confirmation|sécurité)",
            r"(?:sicherheits|bestätigungs)code",
        ),
    ),
    (
        "security",
        (
            r"парол[ьяею]\w*",
            r"(?:your|new|reset|change\w*) .{0,20}password",
            r"(?:попытк\w+|нов\w+|подозрительн\w+) вход\w*",
            r"вход в (?:аккаунт|профил|учетн)\w*",
            r"вход\w* с нов\w+",
            r"(?:new|unrecognized|suspicious) (?:log-?in|sign-?in|device)",
            r"security (?:alert|notice|check)",
            r"безопасност\w+ (?:аккаунта|страницы|профиля|вашего)",
            r"восстановлени\w+ (?:доступа|страниц\w+|аккаунта|пароля)",
            r"account recovery",
            r"recover your",
            r"account (?:has been|was) (?:disabled|locked|restricted)",
            r"(?:страница|аккаунт|профиль) (?:был\w* )?(?:заблокирован|взломан|заморожен)\w*",
        ),
    ),
    (
        "registration",
        (
            r"подтвердите\b",
            r"подтверждение (?:регистрации|адреса|почты|e-?mail|электронн\w+|номера|телефона)",
            r"(?:confirm|verify) your",
            r"добро пожаловать",
            r"welcome to",
            r"(?:аккаунт|приложение|страница|профиль|адрес)\b.{0,40}(?:зарегистрирован|активирован|создан|подтвержд)\w*",
        ),
    ),
    (
        "recommendation",
        (
            r"рекомендаци\w+ (?:страниц|групп|друз|сообществ|для вас)\w*",
            r"нов\w+ рекомендаци\w+",
            r"(?:возможно|вероятно),? вы (?:знаете|знакомы)",
            r"вы (?:можете|могли бы) (?:знать|их знать)",
            r"знаете ли вы",
            r"возможный друг",
            r"популярн\w+ (?:в|на|за|у)\b",
            r"рекомендуем\b",
            r"рекомендован\w+ (?:для )?вам",
            r"(?:подобрали|советуем) (?:для )?ва[мс]\b",
            r"people you may know",
            r"you may (?:know|like)",
            r"do you know",
            r"(?:friend|page|group)s? suggest\w+",
            r"suggest(?:ed|ions?) (?:friends?|pages?|groups?|for you)",
            r"who to follow",
            r"recommended for you",
            r"(?:pages?|groups?) you",
            r"persone che potresti",
            r"connaissez-vous",
            r"kennst du",
            r"trending",
        ),
    ),
    (
        "birthday",
        (
            r"д(?:ень|ня|нем|не|ни|нями?) рожд\w+",
            r"birthdays?\b",
            r"compleanno",
            r"geburtstage?\b",
            r"именины\b",
            r"поздравьте\b",
            r"годовщин\w+",
            r"(?:congratulate|say happy|work anniversary)\b",
        ),
    ),
    (
        "memories",
        (
            r"воспоминани\w+",
            r"your memories",
            r"memories to look back",
            r"on this day",
            r"в этот день",
            r"(?:\d+|несколько) (?:лет|года?|месяц\w*) назад\b",
        ),
    ),
    (
        "service",
        (
            r"услови\w+ (?:использ|пользов|обслуж)\w+",
            r"правил\w* (?:использ|пользов|защит|сообщества вк|площадк)\w*",
            r"(?:terms of|privacy|data) (?:service|use|policy)",
            r"политик\w+ конфиденциальности",
            r"(?:payment|ads?|purchase) receipt",
            r"receipt for",
            r"your (?:invoice|ads? (?:was|were|has|have|account))",
            r"ваш\w* (?:реклам|объявлени|обращени)\w*",
            r"рекламн\w+ (?:кабинет|кампани|аккаунт)\w*",
            r"ad account",
            r"служб\w+ поддержки",
            r"(?:ваш\w* )?плат[её]ж\w* (?:получен|принят|прош[её]л|отклон[её]н|выполнен)\w*",
        ),
    ),
)


def _compiled(table: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((reason, re.compile(rf"(?<![^\W_])(?:{'|'.join(phrases)})")) for reason, phrases in table)


_ALWAYS, _WITHOUT_DEED = _compiled(_COUNTED), _compiled(_PLAIN)
_BROADCAST = re.compile(
    r"(?:начал\w*|начинает\w*|запустил\w*|вед[её]т|провод\w+)\s+(?:\w+\s+){0,2}?(?:трансляци|эфир|стрим|спейс)\w*"
    r"|(?:прям\w+ )?(?:трансляци\w|эфир|премьера) (?:начал|начн|скоро|уже)\w*|(?<!\w)в (?:прямом )?эфире"
    r"|\b(?:is|are|was|went|goes|going) live\b|\blive (?:now|video|stream)\b|started (?:streaming|a space\b)|livestream"
    r"|premiere (?:start|soon|now)|\b(?:premieres?|premiering) (?:in|on|starting|soon)|premiere starting"
)
_OWN_BLOG = re.compile(r"нов\w+ запис\w+ в (?:нашем )?блоге|new post in (?:the |our |vk )?blog")
_OFFERED = re.compile(
    r"(?:возможно|вероятно),? вы знакомы|рекомендации для вас|рекомендуем\b|people you may know"
    r"|(?:suggested|recommended) for you|who to follow|suggestions for you"
)


def noise_in(subject: str) -> str | None:
    """Return why a mail of a network is no interest, None when its subject does not say so.

    A subject that names who did something to us is never noise, nor is one that announces a deed (unless it only counts
    them); quotations and what stands after a colon are not the network's words.
    """
    folded = _QUOTED.sub(" ", _BRAND.sub("", untagged(fold(subject))))
    deed = deed_in(subject)
    if (deed is None or deed.kind == "post") and (reason := _of_others(folded)):
        return reason
    if actors_in(subject):
        return None
    words = _SAID.sub(" ", folded)
    patterns = _ALWAYS if deed else (*_WITHOUT_DEED, *_ALWAYS)
    return next((reason for reason, pattern in patterns if pattern.search(words)), None)


def _of_others(words: str) -> str | None:
    """What seems to name people and tells of no deed to us: a stream begins, the blog goes on, a friend is offered."""
    told, _, said = words.partition(": ")
    if _BROADCAST.search(told) or _BROADCAST.match(said):
        return "broadcast"
    if _OWN_BLOG.search(words):
        return "newsletter"
    return "recommendation" if _OFFERED.search(words) else None
