"""What programs tell a company and nobody waits for an answer to: passwords, payments, reminders, reports."""

import re

from mailbridge.sdk import Mail, fold
from mailbridge.sdk.programs import is_by_hand
from mailbridge_parsers.direct.body import words_of
from mailbridge_parsers.direct.senders import announces_form, is_nobody, is_service

_OFFICES = re.compile(
    r"admin\w*|info|support|service|security|account\w*|billing|pay(?:ments?|outs?)?|receipts?|invoices?|inform"
    r"|notices?"
    r"|bank|calendar|hosting|domains?|renewals?|hello|team|mail|help|care|express|root|backup\w*|cron|dse|office|sales"
    r"|reports?|analytics\S*|statistics?|client\w*|post"
)
_KNOWN = (
    ("login_code", re.compile(
        r"(?:запрос\w+|ваши|изменени\w+|смен\w+|восстанов\w+|нов\w+) (?:\w+ ){0,2}(?:регистрационн\w+ (?:данн"
        r"|информац)|парол)"
        r"|(?:reset|chang|recover|forgot|updat|creat|set)\w* (?:of )?(?:your |the |a )?(?:new )?password"
        r"|password (?:reset|was|has)"
        r"|magic link|sign[ -]?in link|ссылк\w+ для (?:входа|авторизации)|(?:confirm|verify) your (?:e-?mail"
        r"|address|account)"
        r"|подтвердите (?:адрес|почту|e-?mail|регистрацию|аккаунт)|(?:new|unusual|suspicious) (?:sign|log)[ -]?in"
        r"|(?:новый|выполнен|обнаружен) вход|two-factor|двухфакторн"
    )),
    ("calendar", re.compile(
        r"^(?:напоминание|reminder|напоминаем)\b.{0,80}(?:\d{1,2}[:.]\d\d|встреч|событи|созвон|планерк|meeting"
        r"|event|appointment|call|today|tomorrow|завтра|сегодня)"
        r"|^(?:notification|уведомление): .{1,200} @ "
        r"|has joined (?:your|the) (?:\w+ ){0,2}(?:meeting|room|call)|(?:meeting|cloud) (?:recording|summary|assets)"
        r"|запись (?:встречи|конференции|вебинара) (?:готова|доступна)|(?:meeting|event) (?:starts|begins"
        r"|is starting) in"
        r"|(?:встреча|конференция|событие) (?:начн[её]тся|начинается|отменен|перенесен)"
    )),
    ("receipt", re.compile(
        r"^спасибо за (?:поездку|покупку|визит)|вам поступил\w* (?:\S+ )?документ|электронн\w+ документ"
        r"|вы получили (?:плат[её]ж|перевод)|вам (?:перевели"
        r"|поступил)\w* (?:\S+ )?(?:\d|плат|перевод|деньги|оплат)"
            r"|(?:package|parcel|shipment|delivery)\b.{0,40}\b(?:scheduled|arriv|out for|delivered|delayed|today"
            r"|tomorrow)"
            r"|(?:посылк|отправлени|доставк)\w*.{0,60}(?:прибыл|вручен|готов|в пути|доставлен|назначен|перенесен"
            r"|курьер)"
            r"|your .{0,20}\binvoice is ready|invoice \S{1,20} from\b"
            r"|(?:зачислени|поступлени|списани|пополнени)\w* (?:\S+ ){0,3}(?:сч[её]т|средств|\d|руб|rub|карт)|(?:оплата"
        r"|плат[её]ж|перевод) (?:\S+ ){0,4}"
        r"(?:получен|принят|прош[её]л|зачислен|выполнен|исполнен|успешн|отклон)|исполнен\w* плат[её]ж"
        r"|\bpayment of \S{1,20} from\b"
        r"|\b(?:receipt (?:from|for)|your receipt|payment (?:received|failed|due|confirmation|declined)|payout"
        r"|invoice .{0,40}(?:is due|overdue|paid|available|attached)"
        r"|your .{0,30}(?:invoice|statement|bill) (?:is|for)|you(?:'ve| have) (?:been paid|received a payment)"
        r"|refund (?:issued|processed))"
        r"|сч[её]т на (?:оплату|продление)|(?:акт|упд|счет-фактура|документ)\w* .{0,40}(?:подписан|получен|поступил)"
        r"|^completed: |(?:all parties|everyone) (?:have|has) (?:completed|signed)|(?:document|agreement"
        r"|contract) .{0,60}(?:signed|completed)"
    )),
    (
        "registration",
        re.compile(
            r"confirm your (?:subscription|registration)|подтвердите (?:подписку|регистрацию)"
            r"|^welcome to\b|^добро пожаловать"
        ),
    ),
    (
        "security",
        re.compile(
            r"security (?:alert|notice)|connected to your account"
            r"|(?:оповещени|уведомлени)\w+ (?:о |системы )?безопасност"
        ),
    ),
    (
        "service_mail",
        re.compile(
            r"ваш\w* (?:ваканси|объявлени|резюме|товар|карточк|публикаци)\w+ .{0,80}(?:опубликован|размещен"
            r"|размещён|продлен"
            r"|снят|истек|заблокирован|проверен|одобрен|отклонен)"
            r"|your (?:job|ad|listing|post|campaign|page|profile)\b.{0,80}\b(?:published|live|approved|expired|sent"
            r"|rejected)"
            r"|(?:средства|бюджет|деньги) .{0,40}(?:закончил|заканчива|исчерпан)"
            r"|подходящ\w+ (?:резюме|ваканси|кандидат)|(?:recommended|matching) (?:jobs|candidates)"
            r"|(?:отч[её]т|итоги) (?:о|по) рассылк|меняются (?:тариф|услови|цены)"
        ),
    ),
    (
        "service_mail",
        re.compile(
            r"(?:document|file|folder|board|note|page|item|link) shared with you|shared (?:a|the|this) .{0,60} with you"
            r"|открыл\w* (?:вам )?доступ|invited you to (?:edit|view|join|collaborate|comment)|\bassigned (?:a task"
            r"|this|you)\b"
            r"|task (?:was |has been )?assigned to you|commented on (?:the )?(?:card|task|issue|document|file|board)"
            r"|mentioned you (?:in|on) (?:a |the )?(?:card|task|issue|document|file|comment)"
            r"|(?:назначил|поставил)\w* (?:вам )?(?:нов\w+ )?задач|вам назначена задача|joined your (?:workspace|team)"
            r"|notifications from the .{0,40}\bworkspace"
            r"|(?:сайт|плагин|тем[аы]|движок)\w*\b.{0,80}обновл|\b(?:site|plugins?|themes?|modules?)\b.{0,60}\bupdated"
            r"|locked out from|\[wordfence"
        ),
    ),
    ("service_mail", re.compile(
        r"\b(?:domain|ssl|certificate|hosting|subscription|plan|trial|licen[cs]e|membership)\b.{0,80}\b(?:expir"
        r"|renew|ends|ending|cancel|suspend)"
        r"|(?:домен|сертификат|хостинг|подписк|тариф|лицензи|услуг|пробн\w+ период)\w*.{0,80}(?:истека|истек"
        r"|заканчива|законч|продл|отключ|приостанов|продлен)"
        r"|срок (?:действия|регистрации|подписки)|scheduled maintenance|(?:планов|техническ)\w+ (?:работ|обслуживан)"
        r"|(?:terms of service|privacy policy|услови\w+ использования|оферт\w+).{0,40}(?:updat|chang|измен|обнов)"
        r"|(?:updat|chang|измен|обновл)\w* .{0,40}(?:terms|privacy policy|услови\w+|политик\w+|оферт\w+|тариф\w+)"
        r"|new (?:version|release) (?:is )?available"
        r"|вышла новая версия|(?:изменени|обновлени)\w+ (?:в работе|сервиса|системы)"
    )),
    ("statistics", re.compile(
        r"\b(?:daily|weekly|monthly|annual|quarterly)\b.{0,40}\b(?:report|summary|digest|statistics|stats"
        r"|performance|update|overview)"
        r"|(?:performance|analytics|traffic|search|visitor)s? (?:report|performance|summary)|(?:past|last) \d+ days"
        r"|(?:еженедельн|ежемесячн|ежедневн|недельн|месячн)\w+ (?:\S+ )?(?:отч[её]т|сводк|статистик|дайджест)"
        r"|(?:отч[её]т|статистика|сводка|итоги) (?:\S+ ){0,2}за (?:\S+ ){0,2}(?:день|недел|месяц|период|сутки|вчера"
        r"|январ|феврал|март|апрел|ма[йя]|июн|июл|август|сентябр|октябр|ноябр|декабр)"
        r"|показател\w+ (?:сайта|рекламы|кампани)"
    )),
    ("machine_report", re.compile(
        r"\b(?:backup|job|build|deploy\w*|cron|task|sync|import|export|pipeline)\b.{0,40}\b(?:finished|completed"
        r"|failed|succeeded|success\w*|error|done|started)"
        r"|(?:резервн\w+ копи|бэкап|импорт|экспорт|выгрузк|обмен|синхронизац)\w*.{0,40}(?:заверш|создан|выполнен"
        r"|ошибк|успешн|не удал)"
        r"|quarantine (?:summary|digest|report|notification)|disk (?:space|usage|quota)|(?:mailbox|storage"
        r"|disk) (?:is )?(?:almost )?full|over quota|(?:закончил"
        r"|заканчива)\w* место|место на диске|переполнен"
        r"|(?:server|site|monitor|website) .{0,30}\b(?:is|was|went) (?:down|up|unavailable)|(?:сайт"
        r"|сервер) .{0,30}(?:недоступен|не отвечает|снова доступен)"
    )),
    ("newsletter", re.compile(
        r"^(?:write|leave) (?:a|your) (?:review|feedback)|^остав(?:ь|и)те отзыв"
            r"|(?:rate|review) (?:your|us|our)\b.{0,40}|how (?:did we do|was your)|tell us what you think|take (?:our|a"
        r"|the) .{0,20}survey"
        r"|оцените (?:\S+ )?(?:качество|работу|нас|покупку|заказ|обслуживание|поездку)|пройдите (?:\S+ )?опрос"
        r"|(?:примите|прин\w+) участие в опросе"
        r"|\b(?:sale|discount|% off|black friday|cyber monday)\b|скидк\w+ (?:до )?-?\d|распродаж|чёрная пятница"
        r"|черная пятница|промокод"
    )),
)  # fmt: skip
_HEAD_LINES = 4


def notice_reason(mail: Mail) -> str:
    """Return why a program's mail is no interest, "" when its subject and first lines do not say so.

    Only for mails that nobody made by hand, out of an office's or a robot's address: people write of payments too.
    """
    local = mail.sender.email.partition("@")[0].partition("+")[0]
    if (
        is_by_hand(mail)
        or announces_form(mail)
        or not (is_nobody(mail) or is_service(mail) or _OFFICES.fullmatch(local))
    ):
        return ""
    lines = [fold(line) for line in words_of(mail).split("\n", 30) if line.strip()][:_HEAD_LINES]
    said = [fold(mail.subject), *(line for line in lines if len(line) <= 300)]
    return next((reason for reason, words in _KNOWN if any(map(words.search, said))), "")
