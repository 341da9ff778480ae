"""The form reader: what its fixtures don't show one by one."""

import json
import os
import time
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.pipeline.parsing import TrustRules, read_mail
from mailbridge.pipeline.routing import Router
from mailbridge.registry import make_parsers
from mailbridge.sdk import Ignored, Mail, ParseError, Strength
from mailbridge_parsers.form import FormParser
from mailbridge_parsers.form.goods import money_in
from mailbridge_parsers.form.labels import Role, role_of

PARSER = FormParser()


def form(body: str, *, html: bool = False, **headers: str) -> Mail:
    mail = EmailMessage()
    given = {
        "From": "robot@mebel.example",
        "To": "zakaz@mebel.example",
        "Subject": "Заявка с сайта",
        "Date": "Mon, 18 Mar 2024 12:30:00 +0300",
    }
    for name, value in {**given, **{key.replace("_", "-"): value for key, value in headers.items()}}.items():
        mail[name] = value
    mail.set_content(body, subtype="html" if html else "plain")
    return decode(mail.as_bytes())


def read(body: str, *, html: bool = False, **headers: str):
    (interest,) = PARSER.parse(form(body, html=html, **headers))
    return interest


def strength(mail: Mail) -> int:
    return max((route.strength for route in PARSER.routes if route.holds(mail)), default=-1)


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("Ваше имя *", Role.NAME),
        ("Ф.И.О.", Role.NAME),
        ("your-name", Role.NAME),
        ("Teлeфoн", Role.PHONE),
        ("E-Mail клиента", Role.EMAIL),
        ("Электронная почта", Role.EMAIL),
        ("What's your email?", Role.EMAIL),
        ("Комментарий или сообщение", Role.TEXT),
        ("Message (optional)", Role.TEXT),
        ("Удобное время для звонка", Role.CALL_TIME),
        ("Согласие на обработку персональных данных", Role.CONSENT),
        ("utm_source", Role.UTM),
        ("Название компании", Role.DETAIL),
        ("Ваш сайт", Role.WEBSITE),
        ("Сайт", Role.SITE),
        ("Модель телефона", None),
        ("Имя компании", None),
        ("Любимый цвет стен", None),
    ],
)
def test_labels_mean_what_people_mean(label, role):
    assert role_of(label) is role


@pytest.mark.parametrize(
    ("text", "money"),
    [
        ("18 500 руб.", ("18500", "RUB")),
        ("₽24,500.00", ("24500.00", "RUB")),
        ("1.234,50 €", ("1234.50", "EUR")),
        ("$345.00", ("345.00", "USD")),
        ("12 000", ("12000", None)),
        ("бесплатно", None),
    ],
)
def test_money(text, money):
    found = money_in(text)
    assert (found and (str(found[0]), found[1])) == money


def test_unknown_fields_stay_in_order_and_campaign_marks_of_the_page_are_kept():
    interest = read(
        "Имя: Анна\nТелефон: 89120001122\nРост: 170\nЛюбимый_цвет: белый\nКомментарий: да\n"
        "Страница: https://mebel.example/a?utm_source=vk&x=1\nutm_medium: cpc\n"
    )
    assert interest.source.url == "https://mebel.example/a?x=1"
    assert [(one.label, one.value) for one in interest.fields] == [
        ("Рост", "170"),
        ("Любимый цвет", "белый"),
        ("utm_medium", "cpc"),
        ("utm_source", "vk"),
    ]


def test_the_company_below_the_form_is_not_the_visitor():
    interest = read(
        "<table><tr><td>Имя</td><td>Анна</td></tr><tr><td>Телефон</td><td>8 912 000-11-22</td></tr>"
        "<tr><td>E-mail</td><td></td></tr></table><p>С уважением, «Дуб»<br>Тел.: 8 800 555-35-35<br>"
        "E-mail: info@mebel.example</p>",
        html=True,
    )
    assert interest.author.phones == ("+79120001122",)
    assert interest.author.email is None
    assert interest.reply.target == "+79120001122"


def test_the_owner_in_reply_to_is_not_the_visitor():
    interest = read("Имя: Анна\nТелефон: 89120001122\n", Reply_To="zakaz@mebel.example")
    assert interest.author.email is None


def test_the_visitor_in_reply_to_is_taken_when_the_form_has_no_address():
    interest = read("Имя: Анна\nСообщение: Есть стол?\n", Reply_To="Анна К <anna@kotova.example.net>")
    assert (interest.author.name, interest.author.email) == ("Анна", "anna@kotova.example.net")


@pytest.mark.parametrize("value", ["[your-name]", "{name}", "%name%", "#NAME#", "не указано", "-", "Аноним"])
def test_what_is_no_name_is_none(value):
    assert read(f"Имя: {value}\nТелефон: 89120001122\nСообщение: да\n").author.name is None


def test_without_contact_and_text_the_mail_goes_to_quarantine():
    with pytest.raises(ParseError, match="no_contact_no_text"):
        PARSER.parse(form("Имя: Анна\nТелефон:\nE-mail: [your-email]\nСообщение:\n"))


@pytest.mark.parametrize(
    ("subject", "body", "kind"),
    [
        ("Заказ звонка", "Имя: Анна\nТелефон: 89120001122", "callback"),
        ("Заявка", "Имя: Анна\nТелефон: 89120001122\nСообщение: закажите мне звонок", "request"),
        ("Новый заказ № 15", "Имя: Анна\nТелефон: 89120001122\nСумма: 100 руб.", "order"),
        ("Сообщение с сайта", "Имя: Анна\nТелефон: 89120001122\nСообщение: новый заказ", "message"),
        ("Регистрация на вебинар", "Имя: Анна\nE-mail: a@kotova.example.net", "registration"),
        ("Новый отзыв", "Имя: Анна\nОценка: 4\nОтзыв: хорошо", "review"),
    ],
)
def test_the_template_decides_the_kind_and_not_the_visitor(subject, body, kind):
    assert read(body, Subject=subject).kind == kind


def test_rating_of_a_review():
    assert read("Имя: Анна\nОценка: 4 из 5\nОтзыв: хорошо", Subject="Новый отзыв").rating == 4


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Subject": "Копия: Вопрос"}, "Имя: Анна\nСообщение: да"),
        ({"To": "anna@kotova.example.net"}, "Имя: Анна\nE-mail: anna@kotova.example.net\nСообщение: да"),
        ({"To": "a@kotova.example.net"}, "Спасибо за обращение!\n\nИмя: Анна\nТелефон: 89120001122"),
        ({"Subject": "Ваш заказ 15 передан в доставку"}, "Номер заказа: 15\nТелефон: 88005553535"),
    ],
)
def test_what_is_written_to_the_visitor_is_ignored(headers, body):
    assert isinstance(PARSER.parse(form(body, **headers)), Ignored)


def test_thanks_in_the_mail_to_the_company_do_not_lose_the_visitor():
    interest = read("Спасибо за заявку!\n\nИмя: Анна\nE-mail: anna@kotova.example.net\nТелефон: 89120001122")
    assert interest.author.email == "anna@kotova.example.net"


def test_events_of_a_system_have_its_key():
    body = "Имя: Анна\nТелефон: 89120001122\nTransaction ID: 777:888\nBlock ID: rec12345\n"
    one, other = (read(body, From="noreply@tilda.ws", Date=date) for date in (
        "Mon, 18 Mar 2024 12:30:00 +0300", "Mon, 18 Mar 2024 12:31:00 +0300"
    ))  # fmt: skip
    assert one.id == other.id
    assert read(body.replace("888", "889"), From="noreply@tilda.ws").id != one.id


def test_two_people_who_ask_the_same_are_two_interests():
    body = "Имя: Анна\nТелефон: 89120001122\n"
    assert read(body).id != read(body, Date="Mon, 18 Mar 2024 12:31:00 +0300").id


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (form("Имя: Анна\nТелефон: 89120001122"), Strength.STRUCTURE),
        (form("Request details:\nname: Анна", From="noreply@tilda.ws"), Strength.SENDER),
        (form("Имя: Анна\nRequest ID: 777:888"), Strength.SIGN),
        (form("Перезвоните: 8 912 000-11-22", Subject="Заказ обратного звонка"), Strength.WORDS),
        (form("Имя: Анна\nТелефон: 89120001122", List_Unsubscribe="<https://x.example>"), -1),
        (form("Имя: Анна\nТелефон: 89120001122", Subject="Re: Заявка с сайта"), -1),
        (form("Да.\n\n> Имя: Анна\n> Телефон: 89120001122\n", From="anna@kotova.example.net"), -1),
        (
            form(
                "Добрый день!\nПредлагаем доски.\n\nТел.: 84950000000\nE-mail: ivan@partner.example.org",
                From="Иван <ivan@partner.example.org>", Subject="Доски",
            ),
            -1,
        ),
        (form("Author: Анна\nEmail: a@b.example\n\nhttps://mebel.example/wp-admin/comment.php?action=trash&c=1"), -1),
    ],
)  # fmt: skip
def test_routes(mail, expected):
    assert strength(mail) == expected


@pytest.mark.parametrize(
    "piece",
    ["строка: ещё\n", "Имя: Анна, Телефон: 8 ", "x\n", "( ", "Имя\n*******\nАнна\n", "1. Стол: 100 (1 x 100)\n"],
)
def test_senseless_mails_cost_little(piece):
    mail = form("Имя: Анна\nТелефон: 89120001122\nСообщение: " + piece * (90_000 // len(piece)))
    before = time.process_time()
    strength(mail)
    PARSER.parse(mail)
    assert time.process_time() - before < 2


SAMPLES = Path(__file__).parents[3] / os.environ.get("MAILBRIDGE_SAMPLES", "../shared") / "samples" / "systems"
SAMPLE_MAILS = [
    path
    for system in ("contact_form_7", "wpforms", "wagtail", "django_helpdesk")
    for path in SAMPLES.glob(f"{system}/*.eml")
]


@pytest.mark.samples
@pytest.mark.skipif(not SAMPLE_MAILS, reason="no samples here")
@pytest.mark.parametrize("path", SAMPLE_MAILS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_mails_of_real_systems(path):
    typed = json.loads(path.with_suffix(".expect.json").read_text(encoding="utf-8"))
    (interest,) = PARSER.parse(decode(path.read_bytes()))
    assert (interest.author.name or "") == typed["author_name"]
    assert (interest.author.email or "") == typed["author_email"]
    assert [number[-10:] for number in interest.author.phones] == [
        "".join(filter(str.isdigit, number))[-10:] for number in [typed["author_phone"]] if number
    ]
    assert (interest.text or "").split() == typed["text"].split()


@pytest.mark.parametrize("body", ["<img src=x.png>", "<p></p>", "<!-- -->", " "])
def test_a_body_that_shows_nothing_is_no_form(body):
    assert strength(form(body, html=True)) == -1


def test_a_mail_header_in_the_body_is_no_form():
    assert strength(form("From: Bob\nTo: Ann\nSubject: Hi\nEmail: a@b.example\n\nText", Subject="Digest")) == -1


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("Имя;Телефон\nАнна Котова;+7 912 000-11-22\n", "Анна Котова"),
        ("Имя,Анна Котова\nТелефон,+7 912 000-11-22\n", "Анна Котова"),
        ("Имя\tТелефон\r\nАнна Котова\t+7 912 000-11-22\r\n", "Анна Котова"),
        ("Имя;Телефон\nАнна Котова;+7 912 000-11-22\nПётр Чужой;+7 912 000-33-44\n", None),
        ('Имя;"Телефон\nАнна', None),
    ],
    ids=["row", "column", "tabs", "two leads", "damaged"],
)
def test_a_table_that_is_attached_is_read_when_it_holds_one_lead(table: str, name: str | None):
    message = EmailMessage()
    message["From"], message["To"] = "export@leads.example", "sales@firma.example"
    message["Subject"] = "Новая заявка"
    message.set_content("Заявка во вложении.")
    message.add_attachment(table.encode("cp1251"), maintype="text", subtype="csv", filename="lead.csv")
    reading = read_mail(decode(message.as_bytes()), Router(make_parsers()), TrustRules())
    found = [(one.author.name, one.author.phones) for one in reading.interests]
    assert found == ([(name, ("+79120001122",))] if name else [])
