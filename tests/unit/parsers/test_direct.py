from email.message import EmailMessage

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.sdk import Ignored, Interest, Mail, ParseError
from mailbridge_parsers.direct import DirectConfig, DirectParser

COLLEAGUE = "Olga <olga@firm.example>"
CLIENT = "Пётр Ким <petr@client.example>"


def mail(body: str, subject: str = "Question", sender: str = CLIENT, html: str = "", **headers: str) -> Mail:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "box@firm.example", subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(html or body, subtype="html" if html else "plain")
    return decode(message.as_bytes())


def only(received: Mail, **config: object) -> Interest:
    answer = DirectParser(DirectConfig(**config)).parse(received)
    assert not isinstance(answer, Ignored), answer
    (interest,) = answer
    return interest


def reason(received: Mail) -> str:
    with pytest.raises(ParseError) as caught:
        DirectParser().parse(received)
    return caught.value.reason


QUOTES = [
    "ср, 15 мая 2024 г. в 12:30, Фирма <box@firm.example>:\n\n> Старое\n> +7 495 111-22-33",
    "ср, 15 мая 2024 г. в 12:30, Фирма с очень длинным именем <\nbox@firm.example>:\n\n> Старое",
    '15.05.2024, 12:30, "Фирма" <box@firm.example>:\n> Старое',
    "Среда, 15 мая 2024, 12:30 +03:00 от Фирма <box@firm.example>:\n>Старое",
    "15.05.2024 12:30, Фирма пишет:\n> Старое",
    "Вы писали 15 мая 2024 г., 12:30:02:\n\n> Старое",
    "> 15 мая 2024 г., в 12:30, Фирма <box@firm.example> написал(а):\n>\n> Старое",
    "От: Фирма <box@firm.example>\nОтправлено: 15 мая 2024 г. 12:30\nКому: Пётр\nТема: x\n\nСтарое",
    "________________________________\nОт: Фирма <box@firm.example>\nДата: среда\nКому: Пётр\nТема: x\n\nСтарое",
    "-----Исходное сообщение-----\nFrom: Фирма\n\nСтарое",
    "On Wed, May 15, 2024 at 12:30 PM Firm <box@firm.example> wrote:\n\n> Old",
    "On 15/05/2024 12:30, Firm wrote:\n> Old",
    "-----Original Message-----\nFrom: Firm\nSent: Monday\n\nOld",
    "From: Firm [mailto:box@firm.example]\nSent: Monday, May 13, 2024\nTo: Petr\nSubject: x\n\nOld",
    "Am 15.05.2024 um 12:30 schrieb Firma <box@firm.example>:\n> Alt",
    "Le 15 mai 2024 à 12:30, Firme <box@firm.example> a écrit :\n> Ancien",
]


@pytest.mark.parametrize("quote", QUOTES)
def test_a_quoted_mail_is_cut_off_with_its_phones(quote):
    interest = only(mail(f"Беру два.\nКогда?\n\n{quote}\n"))
    assert interest.text == "Беру два.\nКогда?"
    assert interest.author.phones == ()


@pytest.mark.parametrize("quote", [quote for quote in QUOTES if "\n>" in quote and not quote.startswith(">")])
def test_an_answer_below_the_quote_stays(quote):
    assert only(mail(f"{quote}\n\nБеру два.\n")).text == "Беру два."


@pytest.mark.parametrize(
    "text",
    [
        "Нужно:\n- стол\n- стул\nСпасибо, жду.",
        "Thanks, I would like to order two.\nBest regards,\nJohn",
        "Дата: 5 мая\nКому: Ивановой\nАдрес: Москва",
        "Пишите на shop24@example.ru:\nжду ответа",
        "Мне мастер в 2023 году писал:\nвсё хорошо",
        "On my trip I wrote: hello",
        "Размер:\n--\nдва метра\n" + "и ещё строка\n" * 30 + "конец",
    ],
)
def test_text_that_only_resembles_quotes_and_signatures_stays_whole(text):
    assert only(mail(text)).text == text


@pytest.mark.parametrize(
    ("signature", "phones"),
    [
        ("-- \nПётр\n+7 921 555-01-23", ("+79215550123",)),
        ("--\nПётр", ()),
        ("Отправлено с iPhone", ()),
        ("Отправлено из мобильной Почты Mail.ru", ()),
        ("Sent from my Galaxy", ()),
        ("Get Outlook for iOS", ()),
    ],
)
def test_a_signature_leaves_the_text_and_gives_its_phones(signature, phones):
    interest = only(mail(f"Беру.\n\nС уважением,\nПётр\n\n{signature}\n"))
    assert interest.text == "Беру.\n\nС уважением,\nПётр"
    assert interest.author.phones == phones


HEADS = [
    "---------- Forwarded message ---------\nОт: {who}\nDate: ср, 15 мая 2024 г.\nSubject: {what}\nTo: <o@f.example>",
    "-------- Пересылаемое сообщение --------\nОт кого: {who}\nКому: o@f.example\nДата: 15 мая 2024\nТема: {what}",
    "Begin forwarded message:\n\nFrom: {who}\nSubject: {what}\nDate: May 15, 2024\nTo: Olga <o@f.example>",
    "-------- Перенаправленное сообщение --------\nТема: \t{what}\nДата: \tср\nОт: \t{who}\nКому: \to@f.example",
    "From: {who}\nSent: Wednesday, May 15, 2024\nTo: Olga\nSubject: {what}",
]


@pytest.mark.parametrize("head", HEADS)
def test_a_forward_of_a_colleague_is_the_interest_of_the_one_inside(head):
    head = head.format(who=CLIENT, what="Цена стола")
    interest = only(mail(f"{head}\n\nСколько стоит стол?\n", "Fwd: Цена стола", COLLEAGUE))
    assert (interest.author.name, interest.author.email) == ("Пётр Ким", "petr@client.example")
    assert interest.text == "Сколько стоит стол?"
    assert interest.source.title == "Цена стола"
    assert interest.reply.target == "petr@client.example"
    assert "unverified" in interest.labels


def test_a_forward_of_a_forward_belongs_to_the_innermost_author():
    outer, inner = (
        HEADS[0].format(who="Ivan <ivan@firm.example>", what="FW: Стол"),
        HEADS[1].format(who=CLIENT, what="Стол"),
    )
    assert (
        only(mail(f"{outer}\n\n{inner}\n\nСколько?\n", "Fwd: FW: Стол", COLLEAGUE)).author.email
        == "petr@client.example"
    )


def test_a_forwarded_notification_of_a_program_is_not_guessed_at():
    head = HEADS[0].format(who="WordPress <wordpress@blog.example>", what="Comment")
    assert reason(mail(f"{head}\n\nAuthor: x\n", "Fwd: Comment", COLLEAGUE)) == "forwarded_notification"


def test_own_people_are_no_authors_when_their_domain_is_configured():
    received = mail("Report attached", sender=COLLEAGUE)
    assert DirectParser(DirectConfig(own_domains=("firm.example",))).parse(received) == Ignored("own_mail")


@pytest.mark.parametrize(
    "received",
    [
        mail("Name: Ann\nPhone: 1", sender="noreply@site.example"),
        mail("Новая запись", sender="Сервис <ads.notifications@service.example>"),
        mail("Заказ", sender="shop@site.example", X_PHP_Originating_Script="33:mail.php"),
        mail("Заказ", sender="shop@site.example", X_Mailer="PHPMailer 6.9.1"),
        mail("Заказ", sender="box@firm.example"),
        mail("Somebody liked you", sender="info@twitter.com"),
        mail("Name: Ann\nPhone: 1\nText: x", sender="noreply@site.example", Reply_To="ann@mail.example"),
    ],
)
def test_a_programs_mail_that_nobody_knows_waits_for_a_person(received):
    assert reason(received) == "unknown_notification"


def test_a_program_that_speaks_for_a_person_is_answered_to_the_person():
    received = mail("When do you open?", sender="noreply@site.example", Reply_To="Ann <ann@mail.example>")
    interest = only(received)
    assert (interest.author.name, interest.reply.target) == ("Ann", "ann@mail.example")


def test_quarantine_tells_no_word_of_the_mail():
    with pytest.raises(ParseError) as caught:
        DirectParser().parse(mail("code", "481516 secret", sender="noreply@site.example"))
    assert "481516" not in str(caught.value)


@pytest.mark.parametrize(
    "received",
    [
        mail("", html='<p>Sale!</p><a href="https://a.example/1">Отписаться</a>'),
        mail("", html='<p>Sale!</p><a href="https://a.example/unsubscribe?u=1">here</a>'),
        mail("Sale", sender="news@shop.example"),
        mail("Sale", Precedence="bulk"),
    ],
)
def test_a_mail_to_many_is_no_interest(received):
    assert DirectParser().parse(received) == Ignored("newsletter")


def test_a_person_who_answers_a_newsletter_is_heard():
    html = '<p>I want one</p><blockquote type="cite"><a href="https://a.example/u">Unsubscribe</a></blockquote>'
    assert only(mail("", html=html, In_Reply_To="<n@shop.example>")).text == "I want one"


def test_a_mail_of_nobody_or_of_several_has_no_author():
    assert reason(mail("x", sender="nobody at all")) == "no_sender"
    assert reason(mail("x", sender="a@b.example, c@d.example")) == "no_sender"


def test_a_mail_that_looks_all_quoted_is_kept_whole():
    text = "От: Фирма <box@firm.example>\nОтправлено: среда\nКому: Пётр\nТема: x\n\nСтарое"
    assert only(mail(text)).text == text


@pytest.mark.parametrize(
    "body", ["On " * 50_000, "> " * 50_000, "\n" * 45_000, "From: a\n" * 20_000, "Warning: " * 20_000]
)
def test_hostile_bodies_are_read_in_bounded_time(body):
    DirectParser().parse(mail(body + "\nend"))
