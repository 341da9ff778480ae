"""Words that forms use for their fields; folded, without signs (see `labels.label_key`)."""


def _set(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.replace("\n", " ").split("|") if part.strip())


FILLERS = _set("""
ваш|ваша|ваше|ваши|вашего|вашу|вас|your|the|my|клиента|заказчика|покупателя|посетителя|отправителя|пользователя
|заявителя|автора|customer|client|customers|visitor|visitors|sender|senders|field|form|fields|input|введите|укажите
|напишите|enter|please|контактный|контактная|контактное|контактные|contact|обязательно|required|optional
|необязательно|if|any|поле|a|an|s|billing|buyer|author|submitter|reviewer|рецензента|плательщика|гостя|guest|user
|data|val|value|text|str|write|leave|here|below|us|wpforms|cf7|в|с|для|от|по
""") - _set("text|от")

NAME = _set("""
имя|фио|имя фамилия|фамилия имя|фамилия имя отчество|имя отчество|имя фамилия отчество|лицо|полное имя|имя полностью
|как вас зовут|как зовут|как к вам обращаться|как к вам можно обращаться|как обращаться|как вам обращаться
|представьтесь|представьтесь пожалуйста|от|от кого|кто вы|заказчик|клиент|покупатель|автор|отправитель|заявитель
|автор заявки|контакт|плательщик|автор сообщения|автор отзыва|посетитель сайта|рецензент|имя пользователя
|пользователь|логин|ник|никнейм|имя получателя|обращаться|имя и отчество|name|full name|fullname|first and last name
|first last name|last first name|from|who|person|customer|client|sender|author|nickname|nick|username|user name
|login|user|display name|submitted by|submitter|requestor|requestors|requester|reviewer|purchaser|buyer|contact
|contact person|what is name|what s name|what name|whats name|name and surname|name surname|surname and name
|first name last name|лид|новый лид|lead|new lead|имя клиента|контактное лицо|имя контакта|who is this from
|what should we call you|ім я
|imya|imia|fio|familiya imya|vashe imya|имя компании контактное лицо|posted by|comment by|commented by|comment from
|review by|reviewed by|commenter|commentator|комментатор|автор комментария|отзыв от|комментарий от
|имя мастера гостя|гость|guest
|guest name|attendee|attendee name|invitee
|invitee name|participant|participant name|участник|слушатель|applicant|applicant name|соискатель|кандидат|candidate
|пациент|patient|patient name|имя гостя|имя участника|фио участника|получатель|recipient|recipient name|фио получателя
|имя и фамилия получателя|lead name|имя лида|registrant|родитель|имя родителя|parent name|фио родителя|имя пациента
|nombre|nombre completo|nombre y apellidos|nome|nome completo|nome e cognome|nom|nom complet|nom et prénom|ihr name
|imię|imię i nazwisko|meno|meno a priezvisko|jméno|jméno a příjmení|nume|numele|nume și prenume|ad soyad|adınız
|adı soyadı
|isim|név|teljes név|ime|ime i prezime|naam|volledige naam|namn|navn|nimi|tên|họ tên|họ và tên|tên liên hệ
|姓名|お名前|名前
|이름|nimesi|vardas|vārds|име|име и фамилия
|фио пациента|submitted by name|ваши имя и фамилия|контактное лицо фио|фио контактного лица
|vollständiger name|vor und nachname|vorname und nachname|vorname nachname|nachname vorname|ansprechpartner
|kontaktperson|піб|прізвище та ім я|ім я та прізвище|прізвище ім я|контактна особа|замовник|клієнт|аты жөні
|аты жөніңіз|аты|атыңыз|есімі|есіміңіз|ism|ismingiz|donor|donor name|жертвователь
""")
FIRST = _set("first name|name first|firstname|fname|given name|first|имя имя|vorname|ihr vorname|prénom")
LAST = _set(
    "фамилия|last name|name last|lastname|lname|surname|family name|second name|last"
    "|priezvisko|příjmení|soyad|prezime|achternaam|efternavn|efternamn"
    "|nachname|ihr nachname|cognome|apellido|apellidos|nazwisko|прізвище|тегі"
)
MIDDLE = _set("отчество|middle name|patronymic|по батькові")
EMAIL = _set("""
pochta|email|mail|emails|почта|почты|почту|емейл|емэйл|емайл|имейл|имэйл|мейл|мэйл|мыло|emailaddress
|useremail|мейлу|почте
|eposta|e-posta|epost|epostadress|sähköposti|邮箱|メール|メールアドレス|имейл
|пошта|почтовый|mailto|replyto|correo|courriel
""")
ANOTHER_STEMS = (
    "менеджер", "manager", "admin", "админ", "stylist",
    "operator", "оператор", "друг", "друз", "friend",
    "директор", "director", "руководител", "поддержк", "support",
    "магазин", "store", "клиник", "врач", "doctor", "мастер", "курьер", "courier", "водител", "driver", "emergency",
    "экстренн", "доверенн", "супруг", "spouse", "ребенк", "child", "referr", "рекомендател", "продавц", "seller",
    "поставщик", "supplier", "vendor", "provider", "dealer", "дилер", "agent", "агент", "broker", "риелтор",
    "ответственн", "responsib", "assign", "сотрудник", "коллтрекинг", "calltracking",
    "перевозчик", "бухгалтер", "гостиниц", "hotel", "склад",
)  # fmt: skip
"""Beginnings of words that name somebody else than the author of a form."""
OURS = frozenset({"наш", "наша", "наши", "our"})
"""What the company calls its own with, at the beginning of a label."""
RECIPIENT_STEMS = ("получател", "recipient", "именинни")
COMPANY_STEMS = ("организаци", "компани", "фирм", "предприят", "company", "organi", "office", "офис", "business")
CONTACT_WAYS = _set("""
контакты|контактные данные|contacts|contact details|contact info|contact information|как с вами связаться
|связь|контакт
|способ связи|удобный способ связи|контакт для связи|контакты для связи|данные для связи|contact|reach you at|telegram
|телеграм|мессенджер|messenger|how to contact you|how can we contact you|ваши контакты|номер
""")
NOT_EMAIL = _set(
    "рассылка|рассылку|рассылки|newsletter|подписка|подписаться|subscribe|получать|россии|магазина|сайта|шаблон"
)
PHONE = _set(
    "тел|моб|phone|phones|tel|mobile|cell|cellphone|сотовый|whatsapp|ватсап|вотсап|вацап|viber|вайбер"
    "|phonenumber|telephone|telefono|teléfono|téléphone|telefon|handy|handynummer|mobil|mobilnummer"
    "|rufnummer|móvil|cellulare|telefón|telefoon|telefoonnummer|telefonnummer|puhelin|téléphone|číslo telefónu|celular"
    "|电话|手机|電話|電話番号|전화번호"
)
PHONE_KEYS = _set("""
số điện thoại|điện thoại|số điện thoại khách hàng|telefónne číslo|telefonní číslo|broj telefona|número de teléfono
|numero di telefono|numéro de téléphone|número de telefone|cep telefonu|telefon numarası
|contact no|contact number|your number|ваш номер|контактный номер|номер для связи|номер для звонка|ph|ph no|mob no
|cell no
|номер звонившего|номер звонящего|номер абонента|caller id|caller number|calling number|caller phone|from number
|входящий номер|вызывающий номер|номер вызывающего|кто звонил|звонок от|call from|calling from|телефон звонившего
|номер клиента|your contact number|best number|ваш контактный номер|call back number|callback number|number to call
""")
CALLED = _set("""
на номер|to number|called number|dialed number|dialled number|called|набранный номер|номер назначения
|вызываемый номер|виртуальный номер|ваш виртуальный номер|номер линии|линия|рекламный номер|подменный номер
|динамический номер|tracking number|номер коллтрекинга|destination|destination number|did|внутренний номер
|номер в атс|ваш номер в сервисе|наш номер|на линию|куда звонили|кто принял|принял звонок|номер сотрудника
""")
"""What the company's own number is called where a call is told of."""
PHONE_STEMS = ("телефон", "мобильн", "phone", "telephone", "telefon", "tel.", "whatsapp", "сотов")
NOT_PHONE = _set("""
модель|марка|бренд|model|brand|менеджера|магазина|склада|горячей|наш|наши|support|store|shop|добавочный
|extension|type|тип|код|code|модели|звоните|звонить|звонок|позвоните|можно|удобно|how|best|when|когда|manager
""")
TEXT = _set("""
vopros|soobshchenie|soobshenie|messaggio|mensaje|mensagem|nachricht|ihre nachricht|wiadomość|treść wiadomości
|commentaire|commentaires|comentario|comentarios|bemerkung|bemerkungen|anmerkung|anmerkungen
|сопроводительное письмо|cover letter|о себе|about you|сообщение|текст сообщения|текст|комментарий|комментарии
|комментарий или сообщение|комментарий к заказу|коммент|вопрос|текст вопроса|текст отзыва|отзыв|описание
|описание задачи|задача|пожелания|пожелание|примечание|примечания|заметка|дополнительная информация|дополнительно
|обращение|текст обращения|суть обращения|суть вопроса|суть|подробности|детали|о проекте|запрос|текст заявки|письмо
|текст письма|мнение|предложение|жалоба|содержание|ваше мнение|что вас интересует|message|message body|message text
|body|text|textarea|comment|comments|comment or message|your comment|question|questions|inquiry|enquiry|details
|description|note|notes|order note|order notes|customer note|feedback|review|review text|additional information
|additional info|additional details|additional comments|project description|project details|request|content|remarks
|remark|anything else|msg|how can we help|how can we help you|what can we help you with|reason|how may we help you
|what can we do for you|what is on mind|opinion|повідомлення|коментар|чем можем помочь|чем мы можем помочь
|чем мы можем вам помочь|describe project|tell us about project|ask question|text of message|tell us more
|requirement|requirements
|what on mind|how can we assist you|anliegen|ihr anliegen|frage|ihre frage|ihre fragen|anfrage|ihre anfrage|mitteilung
|ihre mitteilung|anschreiben|kommentar|ihr kommentar|питання|запитання|ваше питання|відгук|текст повідомлення
|побажання
|type message|type question|special instructions|special requests|special request|special requirements|instructions
|additional requests
|additional notes|customer comment|customer comments|buyer note|note to seller|message to seller|guest comments
|особые пожелания|дополнительные пожелания|пожелания клиента|пожелания гостя|дополнительный комментарий
|что вас беспокоит|что беспокоит|жалобы|симптомы|проблема|неисправность|описание проблемы|описание неисправности
|описание заявки|описание работ|описание проекта|что нужно сделать|что сломалось|цель обращения|причина обращения
|техническое задание|тз|задание|query|your query|concern|concerns|issue|problem|problem description|brief
|что нужно|что требуется|вот сообщение|вот текст|here is the message|here s the message|the message follows
|full message|project brief|your project|about your project|project details|project description|ваш проект|о проекте
|scope|scope of work|reason for visit|reason for appointment|anything we should know
|сопроводительное|сопроводительное сообщение|интересует|идея|пояснение|уточнение|уточнения|ваши пожелания
|správa|vaša správa|zpráva|vaše zpráva|mesaj|mesajınız|mesajul|üzenet|poruka|bericht|uw bericht|meddelande|besked
|melding
|viesti|nội dung|tin nhắn|lời nhắn
|留言|内容|メッセージ|お問い合わせ内容|문의내용|съобщение|vraag|uw vraag|otázka|dotaz|domanda
|xabar|savol|xabaringiz|хабарлама|хабарламаңыз|сұрақ|сұрағыңыз|пікір|пікіріңіз
""")
TEXT_ENDS = _set("сообщение|message|enquiry|inquiry|question|вопрос|know")
"""What a sentence ends with that stands above the visitor's words: "… left the following message:"."""
PERSON_ENDS = _set("from|by|от|клиента|клиент|customer|guest|гостя")
"""What a sentence ends with that stands before the name of who asks: "… a new booking from:"."""
LEAD_STEMS = (
    "booking", "message", "order", "request", "enquir", "inquir", "submission", "lead", "quote", "reservation",
    "appointment", "application", "заявк", "сообщени", "заказ", "запис", "брон", "обращени", "вопрос", "запрос",
)  # fmt: skip
CUSTOMERS = _set("customer|client|visitor|user|клиента|покупателя|посетителя|пользователя")
BEFORE_CUSTOMER = _set("following|by|from|от|следующего|этого")
TEXT_STEMS = (
    "текст", "сообщени", "комментари", "пожелани", "примечани", "опишите", "расскажите", "message", "comment",
    "describe", "tell", "soobsh", "kommentar",
)  # fmt: skip
SAID = _set("note|notes|message|comment|comments|question|enquiry|inquiry")
OF_VISITORS = _set("lead|user|booking|order|customer|client|guest|delivery|visitor|buyer|reservation|appointment|your")
"""Before "notes" or "message", which are the visitor's then."""
FURTHER = _set("""
дополнительный|дополнительная|дополнительное|дополнительные|особые|прочие|иные|другие|краткое|краткий|подробное
|additional|other|extra|further|special|general|any|short|brief
""")
"""Before "comments", which they are all the same."""
SUBJECT = _set("""
тема|тема сообщения|тема письма|тема обращения|тема вопроса|subject|topic|заголовок|title|subject of message|re
|predmet|předmět|konu|tárgy|onderwerp|ämne|emne|chủ đề|tiêu đề|主题|assunto
|предмет|betreff|objet|asunto|oggetto|temat|тақырып
""")
PRODUCT = _set("""
товар|название товара|наименование товара|наименование|продукт|услуга|модель|тариф|курс|тур|объект|лот|товар услуга
|интересующий товар|интересующая услуга|выбранный товар|выбранная услуга|название продукта|название услуги|product
|service|product name|item|item name|plan|package|model|course|product title|service name|interested product
|выбранный тариф|vehicle|car|авто|автомобиль|помещение|номер квартиры|программа|вакансия|мероприятие|event
|объявление|услуги|services|listing|event type|event name|тип события|тип встречи
""")
PRODUCTS = _set("товаре|товар|товара|товару|продукте|продукт|услуге|product|item|service")
"""What a label ends with that tells what was reviewed: "Новый отзыв о товаре: …"."""
AMOUNT = _set("""
сумма|сумма заказа|стоимость|стоимость заказа|итого|итого к оплате|всего|общая сумма|общая стоимость|заказ итого
|сумма к оплате|сумма платежа|к оплате|итоговая сумма|total|amount|payment amount|grand total|order total
|gesamt|gesamtsumme|totale|razem|suma|łącznie
|total payé|montant total|total ttc|total pagado|importe total|gesamtbetrag|totale pagato
|total price|total amount|total paid|order amount|сумма итого|total due|итого с доставкой|итоговая стоимость
""")
ORDER = _set("""
новый заказ|new order|номер заказа|заказ|заказ номер|заказ no|order number|order id|order no|order|no заказа
|замовлення|номер замовлення|bestellnummer|id заказа|код заказа|номер заявки|no заявки|id заявки
|order reference|reference
""")
ALL_OF_IT = _set("общая|общий|итоговая|полная|total|grand|overall")
SUMS = _set("сумма|стоимость|цена|итог|sum|price|cost|amount|total|paid")
FORM = _set("""
квиз|quiz|название квиза|quiz name|форма|название формы|имя формы|form name|form title|formname|form
|название лид формы|заполнена web форма|форма заявки|name of form|form id|id формы|с формы|тип формы|form subject
|заголовок формы
""")
PAGE = _set("""
страница|url|page url|page|url страницы|адрес страницы|ссылка на страницу|страница отправки|отправлено со страницы
|source url|contact form url|form url|permalink|страница сайта|адрес сообщения|page link|submitted from|current page
|current url|landing page|со страницы|страница заявки|ссылка на товар|product url|form submitted from
|url контактной формы|webpage|web page url|url формы|site url|page address|sent from page
|форма отправлена со страницы|page submitted on
|submitted on page|адрес страницы с формой|form page|url адрес
|заявка со страницы|страница с формой|ссылка|link|location|source page|ссылка страницы|url адрес страницы|embed url
|stránka|strona|sayfa|oldal|página|trang
|сторінка|адреса сторінки|посилання|бет|seite|страница обращения|страница диалога|отправлено с
|отправлено с сайта|отправлено с url|location href
|visitor path|page visited|visited page|chat page|chat started on|conversation page|страница чата
""")
PAGE_WORDS = _set("страница|страницы|url|webpage")
NOT_PAGE = _set("название|заголовок|title|vk|вконтакте|компании|ваша|your|перехода|referrer|referer|номер")
PAGE_TITLE = _set(
    "название страницы|page title|pagetitle|заголовок страницы"
    "|page name|post title|имя страницы|title страницы|название"
)
SITE = _set("""
сайт|site|website name|site name|домен|domain|host|название сайта|sent from|sent via|с сайта|имя сайта|source site
|магазин|store|shop|site title|server name|хост
""")
WEBSITE = _set("""
ваш сайт|your website|website|web site|homepage|home page|сайт компании|адрес сайта|url сайта|user s url|users url
|сайт клиента|адрес вашего сайта|ссылка на сайт|ссылка на ваш сайт|your site|company website|ваш вебсайт|web page
|your url|your homepage|website url|сайт вашей компании
""")
SENT = _set("""
дата|дата отправки|дата и время|дата время|время|date|date time|date and time|time|submitted on|submitted at
|submitted|sent|sent on|sent at|отправлено|создана|создан|создано|дата создания|дата заявки|timestamp|opened
|date added|дата заказа|время отправки|время заявки|время заказа|order date|submission date|дата поступления
|получено|received|created|created at|время лида|date submitted|submission time|form submitted on|дата добавления
|дата и время отправки|отправлена|added time|отметка времени|gesendet am|gesendet|eingegangen am|datum|дата та час
|заявка отправлена|заявка получена|заявка создана|сообщение отправлено|форма отправлена|received at|received on
|запрос отправлен|created date|created time|час відправки
""")
CALL_TIME = _set("""
удобное время|время звонка|когда позвонить|когда вам позвонить|best time to call|convenient time|time to call
|call time|preferred time|preferred time to call|когда перезвонить|время для звонка|best time|позвонить в
|перезвонить в|удобное время звонка|удобное время связи|when to call|when should we call|call back time
|callback time
""")
CALL_STEMS = ("звон", "связ", "call", "перезвон", "позвон")
TIME_WORDS = _set("время|когда|time|when|часы|удобно")
RATING = _set("оценка|рейтинг|rating|stars|звезды|ваша оценка|star rating|оценка товара|балл")
CONSENT = _set("i agree|agree|consent|gdpr|terms|privacy|политика|соглашение|согласие|согласен|согласна")
CONSENT_STEMS = (
    "datenschutz",
    "einwillig",
    "згод",
    "соглас",
    "agree",
    "consent",
    "gdpr",
    "персональн",
    "конфиденц",
    "privacy",
    "acceptance",
)
TECHNICAL = _set("""
submit|submit button|button|btn|send|отправить|кнопка|form build id|honeypot|
ad name|ad id|adset name|adset id|ad set name|campaign name|campaign id|id кампании|название кампании|gcl id
|ip|ip адрес|ip address|remote ip|user agent|useragent|браузер|browser|сессия|посетитель|session|user ip|ос|os
|platform|ip юзера|устройство|device|разрешение экрана|cookie|cookies|entry id|submission id|sid|token|captcha
|g recaptcha response|hash|csrf|csrf token|результат|request id|transaction id|block id|payment id|id результата
|referer|referrer|http referer|реферер|реферрер|источник перехода|источник|source|откуда пришел|powered by|user|screen
|screen resolution|client id|clientid|ym client id|visitor id|ip посетителя|ip отправителя|tranid|formid|form id
|lead id|sent by|recaptcha|honeypot|submission no|user id|recipient|получатель письма|кому|to|submission number
|serial number|browser info|remote addr|ip addr|akismet|ip клиента|agent|viewed on|роистат|payment system
|source form|user ip address|ip user|operating system|операционная система|http user agent|sender ip|ваш ip|your ip
|akismet spam check|spam check|coming from|using|confirmation|confirmation number|confirmation code|booking id
|booking reference|reservation number|reservation id|код брони|номер брони|номер бронирования|код бронирования
|length|duration|длительность|длительность ожидания|ip visitor|referring url|referer url|страница перехода|referral
""")
TECHNICAL_WORDS = _set("ip|agent|useragent|referer|referrer|browser|браузер|user agent")
UTM_STEMS = (
    "utm", "gclid", "yclid", "fbclid", "roistat", "ym uid", "ga client", "gcl", "openstat", "метка", "ymclid", "_ga",
)  # fmt: skip
SECTION = _set("""
message details|детали сообщения|lead details|enquiry details|дополнительная информация|информация о заявке
|request details|request information|additional information|purchaser information|данные формы|данные заявки
|информация о заказе|контактные данные|contact details|customer details|form details|submitted values are
|submission details|заявка|новая заявка|информация о покупателе|состав заказа|your order|order details|детали заказа
|данные клиента|информация о клиенте|contact information|contact info|form data|form fields|submitted data
|submission|данные покупателя|информация о пользователе|user details|visitor details|дополнительные данные
|заказанные товары|товары|products|items|here are the form s fields|utm метки|источник заявки|технические данные
|информация о заказчике|данные заказчика|информация о клиенте и доставке|contact form details|служебная информация
|тип заявки|new submission|new message|new lead|новое сообщение|информация о посетителе
|детали заявки|entry details|данные|details of submission|billing details|customer information|информация
|заказ покупателя
|billing information|сообщение с сайта|заявка с сайта|here is what they sent|answers|ответы|ответы на вопросы
|ответы на квиз|результаты квиза|quiz results|quiz answers|результаты опроса|новая заявка с сайта|вопросы и ответы
|контакты|contacts|user information|visitor information|sender information|technical information|technical details
|client information|client details|client data|customer data|lead information|personal information|lead info
|browser information|system information|meta data|metadata|тех информация|техническая информация|о посетителе
""")
DETAIL = _set("""
профиль|profile|проект|ссылка на профиль|profile link|юзернейм
|резюме|resume|cv|портфолио|portfolio|linkedin|город|city|адрес|address|компания|company|организация
|название компании|название организации|company name|organization|ооо|organisation|должность|position|job title
|страна|country|бюджет|budget|количество|quantity|кол во|qty|дата рождения|birthday|date of birth
|файл|файлы|file|files|attachment|attachments|attached file|вложение|вложения|способ оплаты|оплата|payment method
|payment|способ доставки|доставка|shipping|shipping method|delivery|delivery method|регион|region|откуда узнали
|откуда вы узнали о нас|how did you hear about us|размер|size|цвет|color|colour|индекс|zip|zip code|postal code
|postcode|state|telegram|телеграм|телеграмм|instagram|инстаграм|вконтакте|vk|skype|скайп|промокод|promo code|coupon
|скидка|discount|язык|language|статус|status|тип|type|категория|category|отдел|department|приоритет|priority|очередь
|queue|подытог|subtotal|sub total|площадь|дата заезда|дата выезда|что интересует|topics|interests|interest
|preferred date|желаемая дата|дата визита|срок|сроки|deadline|улица|дом|квартира|street|address line|street address
|адрес доставки|shipping address|billing address|инн|кпп|огрн|артикул|sku|цена|price|единица
|комплектация|год|year|пол|gender|возраст|age|ник в telegram|номер карты|число гостей|количество человек
|количество гостей|guests|number of guests|кол во гостей|дата бронирования|fax|факс|industry
|preferred contact method|способ связи|предпочтительный способ связи|как с вами связаться|formerly
|удобный способ связи|мессенджер|messenger|point|пункт выдачи|владелец|owner|country code|район|метро|станция|филиал
|branch|адрес объекта|тип объекта|тип услуги|service type|property type|материал|материалы|ник|подписка|subscribe
|newsletter|рассылка|получать рассылку|budget range|revenue|employees|number of employees|company size|role
|time zone|часовой пояс|plz|ort|plz ort|straße|anrede|firma|land|hausnummer|stadt|lebenslauf|місто|адреса|компанія
|кількість|қала|мекенжай
""")
PERSON_WORDS = frozenset(
    "applicant attendee buyer caller candidate client customer guest member parent participant passenger "  # noqa: SIM905
    "organiser organizer patient person requester sender student subscriber tenant visitor".split()
)
"""Before "name": whose it is, when it is the author's."""
NOT_NAME = _set("компании|организации|питомца|ребенка|файла|домена|фирмы|сайта|товара|формы|ребёнка|менеджера")
ADDRESS_HEADINGS = _set("""
платежный адрес|адрес оплаты|адрес плательщика|адрес для выставления счета|billing address|customer details
|адрес доставки
|shipping address|delivery address|invoice address|платежные данные|данные покупателя|детали покупателя
|billing details|детали оплаты|payment address
|rechnungsadresse|lieferadresse|versandadresse|dirección de facturación|dirección de envío|adresse de facturation
|adresse de livraison|indirizzo di fatturazione|indirizzo di spedizione|adres rozliczeniowy|adres do wysyłki
|adres do faktury|endereço de faturação|endereço de cobrança|endereço de entrega|endereço de envio
""")
CUSTOMER_HEADINGS = _set("""
customer|customer information|customer info|customer contact|contact information|client|buyer|покупатель
|клиент|заказчик
|информация о покупателе|информация о заказчике|данные заказчика|данные клиента|контактные данные|контакты
|контакты покупателя|информация о клиенте
""")
GOODS_HEADINGS = _set("""
состав заказа|товары|заказанные товары|products|items|your order|order summary|order items|order details|детали заказа
|ваш заказ|позиции|товары в заказе|корзина|cart|order contents
""")
QUESTIONS = _set("questions|questions and answers|вопросы|answers|ответы")
"""What stands above questions of the form, each with its answer."""
IDS = _set("""
id|ид|uid|guid|код|code|артикул|sku|инн|кпп|огрн|снилс|счет|счёт|карта|карты|паспорт|договор|заказ|order
|invoice|lead|лид
|сделка|deal|client|visitor|session
""")
"""What digits without blanks are called that are no phone."""
WEAK_NAMES = _set("user|login|логин|пользователь|nick|nickname|ник|никнейм|username|user name|имя пользователя")
"""What programs call the account, which is a person's name only where nothing else is."""
CORE_NAMES = _set("""
имя|фио|ваше имя|имя фамилия|имя и фамилия|фамилия имя|фамилия имя отчество|name|full name|your name|first name
|имя клиента
|имя посетителя|как вас зовут|как к вам обращаться|представьтесь|контактное имя|user name|username|fullname|firstname
|your full name|ім я|ваше ім я|піб|vorname|аты жөні|имя отчество|first and last name|имя пользователя
|your name optional
""")
"""What forms call a name, and invoices and notices of other programs seldom do."""
VISITOR_STEMS = (
    "ваш", "вас", "вам", "your", "клиент", "customer", "посетител", "visitor", "заявител", "guest", "гост",
    "ihr", "votre",
)  # fmt: skip
