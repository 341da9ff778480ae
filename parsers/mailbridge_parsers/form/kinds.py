"""What the visitor did: asked, wants a call, ordered, registered, reviewed."""

import re

from mailbridge.sdk import Kind, Mail, fold
from mailbridge_parsers.form.labels import Role
from mailbridge_parsers.form.reading import Reading

_CALLBACK = re.compile(
    r"обратн\w+ звон|(?:заказ\w*|запрос\w*|заявк\w+ на) (?:\S+ )?звон|перезвон|позвоните (?:мне|нам)|call-? ?back"
    r"|(?:request|order|book|schedule)(?:ed)? (?:a |for )?(?:a )?call|call me|missed call|(?:пропущенн|потерян"
    r"|неотвеченн)\w* (?:звонок"
    r"|вызов)|запись разговора|голосов\w+ сообщени|voice ?(?:mail|message)|(?:отложенный"
    r"|заказал\w*) звонок|phone call request|звонок с сайта"
    r"|нов\w+ звонок|обращени\w+: звонок"
)
_ORDER = re.compile(
    r"нов\w+ (?:заказ|замовленн)|заказ\w*\s*(?:номер|№|#|no?\.?)?\s*\d|быстр\w+ заказ|заказ с сайта|заказ (?:товара"
    r"|в (?:магазин|1|один))"
    r"|купить в (?:1|один) клик|покупк\w+ в (?:1|один) клик|new order|new (?:\w+ )?order|order #"
    r"|\border (?:no\.? ?)?\d"
    r"|(?:neue bestellung|nuevo pedido|novo pedido|nouvelle commande|nuovo ordine|nowe zamówienie)\b"
    r"|оформлен\w* заказ|заказ оформлен|получен заказ|заказ из корзины|ваш\w* заказ|purchase order|order from"
)
_REGISTRATION = re.compile(
    r"нов\w+ (?:подпис(?:к|чик)|пользовател|регистрац|участник)"
    r"|зарегистрирова[нл]|заявка на регистрац|регистрация (?:нов"
    r"|на |участ"
    r"|пользоват)"
    r"|new (?:user|member|customer|account)\b.{0,20}(?:regist|sign|creat)|user registration|new registration"
    r"|new subscriber|has subscribed|(?:member|user|customer|account) sign-?up"
    r"|new (?:free |paid )?member\b"
    r"|event registration"
    r"|registration (?:for|form)|has registered|запись на (?:вебинар|мероприятие|курс|семинар)"
)
_REVIEW = re.compile(
    r"(?:нов\w+|добавлен\w*|оставлен\w*) отзыв|отзыв (?:о|на|с|к)\b|new (?:[\w-]+ ){0,2}review|product review"
    r"|review (?:of|on|for)"
)
_COMMENT = re.compile(r"нов\w+ комментари|комментарий (?:к|на|от)\b|new comment|comment (?:on|by|from)\b|\[b\]")
_POST = re.compile(r"сообщение (?:на|в) форуме|нов\w+ (?:тема|сообщение) на форуме|\[f\]|forum (?:post|topic|message)")
_MESSAGE = re.compile(
    r"сообщени|message|contact|контакт|обратн\w+ связ|feedback|вопрос|question|enquiry|inquiry|письмо"
)
_REQUEST = re.compile(
    r"заявк|anfrage|өтінім|запрос|request|quote|расч[её]т|lead|лид|квиз|quiz|брон|booking|замер|консультац"
)
_FORM = re.compile(
    r"(?:заявк|сообщени|запрос|обращени|вопрос|письм|заказ|форм|анкет|отзыв|лид|расч[её]т)\w*.{0,40}\b(?:с|со|из"
    r"|на) (?:\S+ )?(?:сайт|форм|страниц"
    r"|лендинг|квиз)|нов\w+ (?:онлайн[- ]запис|подписк|заявк|заказ|лид|обращени|отзыв|запис[ьи]\b(?! в блог)"
    r"|сообщени|брон|регистраци|анкет|отклик)|форм\w+ обратн\w+ связ"
    r"|обратн\w+ (?:звон|связ)"
    r"|заказ\w* (?:\S+ )?звон|заполнен\w* (?:web-|веб-|crm-)?форм|перезвон|заявка на |^заявка\b|contact form|contact us"
    r"|(?:form|web) submission"
    r"|new (?:\w+ ){1,2}(?:lead|submission|entry)\b|new donation|заполнен\w* анкет|анкета (?:кандидат|клиент|гост)"
    r"|nuovo messaggio|nova mensagem|nowa wiadomość|nowe zgłoszenie|yeni mesaj|yangi (?:ariza|xabar)|nová zpráva"
    r"|nieuw bericht"
    r"|new (?:submission|entry|lead|(?:customer )?message (?:from|on)|order|enquiry|inquiry|contact|request"
    r"|response|quote"
    r"|(?:\w+ )?registration|(?:\w+ )?booking|reservation|appointment|application|sign-?up|subscriber)"
    r"|submission (?:from"
    r"|on|for|received)"
    r"|(?:message|enquiry|inquiry|request|lead|email) (?:from|via|through) (?:the |your |our )?(?:web ?site|site"
    r"|contact|form|web)"
    r"|zayavk\w+ s |zvonok s |soobsh\w+ s |order #?\S{1,20} placed|placed (?:an )?order|website (?:enquiry"
    r"|inquiry|contact|form|lead|message)"
    r"|(?:neue bestellung|nuevo pedido|novo pedido|nouvelle commande|nuovo ordine|nowe zamówienie)\b"
    r"|kontakt(?:anfrage|formular)|demande de (?:contact|devis)|formul(?:ario|aire) de contact|richiesta di (?:contatto"
    r"|informazioni)|formularz\w* kontakt|нов[ае] (?:заявк|замовленн|повідомленн|зверненн)\w*|форм\w+ зворотн"
    r"|жаңа өтінім|өтінім түсті"
    r"|neue (?:\w+)?(?:anfrage|nachricht|anmeldung|buchung)|anfrage (?:über|von|auf|aus)\b|отклик\w* на вакансию"
    r"|откликнул(?:ся|ась|ись)\b|new (?:\w+ )?subscriber\b|new feedback|новый ответ\b"
    r"|form submitted|\bkontakt$|нов\w+ подписчик"
    r"|mensaje de contacto|nuevo mensaje|nouveau message|запись на (?:при[её]м|услугу|консультацию)|\bзаявка$"
    r"|(?:отложенный|заказан\w*|заказал\w*) звонок"
    r"|new (?:[\w-]+ ){0,2}review\b(?! (?:of|request))|product review$|нов\w+ комментари\w+ (?:в|на|к) (?:\S+ )?"
    r"(?:блог|сайт|стать|запис|фото|товар|новост)"
    r"|feedback form|call ?back request|request (?:a )?call|missed call|(?:пропущенн|потерян|неотвеченн"
    r"|входящ)\w* (?:звонок|вызов)"
    r"|(?:member|user|customer|account) sign-?up|new (?:free |paid )?(?:member|ticket)\b|ticket (?:\S+ )?(?:created"
    r"|opened)"
    r"|запис\w* на (?:просмотр|пробн|урок|занят|визит|диагност|осмотр|ремонт|тест)|заявлени\w+ на |предзаказ|pre-?order"
    r"|заказ (?:сертификат|услуг|столик|банкет|трансфер|пропуск|образц|каталог|такси|справк)|брон\w+ (?:стол|номер|зал)"
    r"|(?:transfer|quote|booking|reservation|table|viewing|tour|appointment|demo|sample|estimate) request|website lead"
    r"|(?:nueva|nova|nuova) (?:reserva|prenotazione|consulta)|nouvelle (?:réservation|demande)|solicitud de "
    r"|new sign-?up"
    r"|new conversation\b|нов\w+ диалог"
    r"|голосов\w+ сообщени|voice ?mail|new (?:\w+ ){1,2}(?:message|booking|inquiry|enquiry|request|order"
    r"|lead) (?:from|on|in"
    r"|via)|new messages? in (?:your|the|a)\b"
    r"|(?:generated|received|have|got) (?:you )?(?:a|an|the following|one) (?:new )?(?:lead|order|enquiry|inquiry"
    r"|booking)"
    r"|(?:вы получили|поступил|получен|оформлен|создан) (?:новый |следующий )?заказ\b|order was placed"
    r"|(?:заказ|order) ?(?:№|#|n|no\.?)? ?\d[\w/-]*"
    r"(?:$| (?:был |has been |was |is )?(?:размещ[её]н|оформлен|создан|поступил|placed|received|created)\b)"
    r"|new (?:\w+ ){1,2}(?:booking|appointment|reservation)\b|you(?:'ve| have)? (?:just )?(?:received|got) a (?:new )?"
    r"(?:message|enquiry|inquiry|contact request)\b"
    r"|\b(?:is|are) (?:requesting (?:more )?information|interested in (?:your|the|this))\b"
)
_HEADS = 6


def names_form(text: str) -> bool:
    """Whether a subject or a heading says that it is about a form on a site."""
    return len(text) <= 300 and _FORM.search(fold(text)) is not None


def asks_call(label: str) -> bool:
    """Whether words ask that somebody be called."""
    return _CALLBACK.search(fold(label)) is not None


def kind_of(mail: Mail, reading: Reading, *, has_goods: bool, title: str) -> Kind:
    """Decide the kind by what the template says, never by what the visitor typed."""
    heads = [item.text for item in reading.loose[: min(reading.heads, _HEADS)] if len(item.text) <= 200]
    subject = "" if reading.subject_is_typed else fold(mail.subject)
    said = fold(" \n ".join([subject, title, *heads]))
    wants_call = _CALLBACK.search(fold(f"{subject} {title}")) or (_CALLBACK.search(said) and not _ORDER.search(said))
    signs: tuple[tuple[Kind, bool], ...] = (
        ("callback", bool(wants_call)),
        ("post", bool(_POST.search(subject))),
        ("review", bool(_REVIEW.search(said) or reading.all(Role.RATING))),
        ("comment", bool(_COMMENT.search(subject))),
        ("registration", bool(_REGISTRATION.search(subject) and not has_goods)),
        ("order", has_goods or bool(_ORDER.search(said))),
        ("registration", bool(_REGISTRATION.search(said))),
        ("request", bool(_REQUEST.search(said) or not reading.all(Role.TEXT))),
        ("message", bool(_MESSAGE.search(said) or reading.all(Role.SUBJECT) or reading.subject_is_typed)),
    )
    return next((kind for kind, holds in signs if holds), "request")
