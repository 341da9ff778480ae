"""Mails of forms and networks that a colleague passed on by hand: the visitor is the author, and nobody is believed."""

from email.message import EmailMessage

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.pipeline.parsing import Reading, TrustRules, read_mail
from mailbridge.pipeline.routing import Router
from mailbridge.registry import make_parsers

FORM = "Имя: Галина Ершова\nТелефон: +7 912 000-33-44\nКомментарий: Плитка для ванной"
STYLES = {
    "gmail_ru": (
        "---------- Forwarded message ---------\nОт: {who}\nDate: чт, 26 нояб. 2026 г. в 13:50\nSubject: {what}\n"
        "To: <anna@firma.example>\n\n\n{body}"
    ),
    "outlook_ru": "От: {who}\nОтправлено: 26 ноября 2026 г. 13:50\nКому: anna@firma.example\nТема: {what}\n\n{body}",
    "outlook_en": (
        "-----Original Message-----\nFrom: {who}\nSent: Thursday, November 26, 2026 1:50 PM\nTo: Anna\n"
        "Subject: {what}\n\n{body}"
    ),
    "apple_ru": (
        "Начало переадресованного сообщения:\n\n> От: {who}\n> Тема: {what}\n> Дата: 26 ноября 2026 г., 13:50:11 MSK\n"
        "> Кому: anna@firma.example\n> \n{quoted}"
    ),
    "apple_en": (
        "Begin forwarded message:\n\nFrom: {who}\nSubject: {what}\nDate: 26 November 2026 at 13:50:11 MSK\n"
        "To: anna@firma.example\n\n{body}"
    ),
    "mailru": (
        "-------- Пересылаемое сообщение --------\nОт кого: {who}\nКому: anna@firma.example\n"
        "Дата: Четверг, 26 ноября 2026, 13:50 +03:00\nТема: {what}\n\n{body}"
    ),
    "yandex": (
        '-------- Пересылаемое сообщение --------\n26.11.2026, 13:50, "Сайт" <noreply@plitka.example>:\n\n{body}\n\n'
        "-------- Конец пересылаемого сообщения --------"
    ),
    "thunderbird": (
        "-------- Перенаправленное сообщение --------\nТема: {what}\nДата: Thu, 26 Nov 2026 13:50:00 +0300\nОт: {who}\n"
        "Кому: anna@firma.example\n\n{body}"
    ),
}
COLLEAGUE = "Анна Коллегина <anna@firma.example>"


def forward(style: str, body: str, *, who: str = "Сайт <noreply@plitka.example>", below: str = "") -> Reading:
    quoted = "\n".join(f"> {line}" for line in body.split("\n"))
    message = EmailMessage()
    message["From"], message["To"] = COLLEAGUE, "sales@firma.example"
    message["Subject"] = "Fwd: Новая заявка с сайта"
    message["Date"] = "Thu, 26 Nov 2026 14:05:33 +0300"
    shown = STYLES[style].format(who=who, what="Новая заявка с сайта", body=body, quoted=quoted)
    message.set_content(f"Посмотри, это наш?\n\n{shown}\n{below}")
    return read_mail(decode(message.as_bytes()), Router(make_parsers()), TrustRules())


@pytest.mark.parametrize("style", STYLES)
def test_the_visitor_is_the_author_of_a_form_that_was_passed_on(style: str):
    reading = forward(style, FORM, below="\n-- \nАнна Коллегина, +7 495 000-77-77\nanna@firma.example\n")
    assert (reading.outcome, reading.parser) == ("parsed", "form")
    (found,) = reading.interests
    assert (found.author.name, found.author.phones, found.author.email) == ("Галина Ершова", ("+79120003344",), None)
    assert found.text == "Плитка для ванной"
    assert {"forwarded", "unverified"} <= set(found.labels)
    assert found.mail.trust.verdict == "unknown"
    assert ("Forwarded by", COLLEAGUE) in [(one.label, one.value) for one in found.fields]


@pytest.mark.parametrize("who", ["ВКонтакте <admin@notify.vk.com>", "Facebook <notification@facebookmail.com>"])
def test_a_network_is_not_believed_when_somebody_passes_its_mail_on(who: str):
    reading = forward("gmail_ru", "Анна Петрова прокомментировала вашу запись\nhttps://vk.com/wall-1_2", who=who)
    assert (reading.outcome, reading.interests) == ("quarantined", ())


def test_a_letter_of_a_client_that_was_passed_on_stays_a_letter():
    reading = forward("mailru", "Сколько стоит камин под ключ?\nТел. 8-912-000-04-44", who="Павел <p@client.example>")
    assert reading.parser == "direct"
    assert reading.interests[0].author.email == "p@client.example"
