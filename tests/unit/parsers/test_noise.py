from email.message import EmailMessage

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.sdk import Ignored, Mail, ParseError, Strength
from mailbridge_parsers.noise import NoiseParser


def mail(subject: str = "Hello", sender: str = "Ann <ann@mail.example>", body: str = "Text", **headers: str) -> Mail:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "box@firm.example", subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    return decode(message.as_bytes())


def strength(received: Mail) -> Strength | None:
    return max((route.strength for route in NoiseParser.routes if route.holds(received)), default=None)


def reason(received: Mail) -> str:
    assert strength(received) is not None
    answer = NoiseParser().parse(received)
    assert isinstance(answer, Ignored)
    return answer.reason


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (mail(Return_Path="<>", subject="Undelivered Mail Returned to Sender"), "bounce"),
        (mail(Return_Path="<>", subject="Re: price"), "auto_reply"),
        (mail(sender="MAILER-DAEMON@mx.example"), "bounce"),
        (mail(X_Failed_Recipients="a@b.example"), "bounce"),
        (mail(Auto_Submitted="auto-replied (vacation)"), "auto_reply"),
        (mail(X_Autoreply="yes"), "auto_reply"),
        (mail(Precedence="auto_reply"), "auto_reply"),
    ],
)
def test_certain_signs_win_over_every_notification_they_quote(received, expected):
    assert reason(received) == expected
    assert strength(received) == Strength.FINAL


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (mail(List_Unsubscribe="<https://a.example/u>"), "newsletter"),
        (mail(List_Id="<talk.a.example>"), "list_mail"),
        (mail(List_Id="<talk.a.example>", List_Unsubscribe="<mailto:a@b.example>", Precedence="list"), "list_mail"),
    ],
)
def test_bulk_signs_are_weaker_than_signs_of_networks_and_form_services(received, expected):
    assert reason(received) == expected
    assert strength(received) < Strength.SIGN


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Автоответ: заявка", "auto_reply"),
        ("Automatic reply: offer", "auto_reply"),
        ("123456 is your Example code", "login_code"),
        ("Ваш код: 4815", "login_code"),
    ],
)
def test_words_that_no_customer_writes(subject, expected):
    assert reason(mail(subject)) == expected


@pytest.mark.parametrize("subject", ["Сброс пароля", "Your receipt", "Счёт на оплату № 5"])
def test_words_that_a_customer_may_write_need_a_robot(subject):
    assert strength(mail(subject)) is None
    assert strength(mail(subject, sender="noreply@shop.example")) == Strength.WORDS


@pytest.mark.parametrize(
    "received",
    [
        mail("Заявка на 15 окон"),
        mail("Код товара уточните", body="Код 123456"),
        mail("Re: заказ 123456, какой код домофона?", In_Reply_To="<a@b.example>"),
        mail(Auto_Submitted="no"),
        mail(Precedence="bulk"),  # some forms write it too
        mail(Return_Path="<ann@mail.example>"),
    ],
)
def test_a_persons_mail_is_no_noise(received):
    assert strength(received) is None


def test_an_unknown_ticket_system_is_told_by_its_headers():
    assert reason(mail(X_GitHub_Reason="mention")) == "ticket"
    assert reason(mail(X_Cron_Env="<HOME=/>")) == "machine_report"


def test_a_form_with_the_return_path_of_automatic_replies_waits():
    form = mail(Return_Path="<>", subject="Заявка с сайта", body="Имя: Анна\nТелефон: +7 912 345-67-89\n")
    with pytest.raises(ParseError, match="null_return_path"):
        NoiseParser().parse(form)
    letter = mail(Return_Path="<>", subject="Заявка с сайта", body="Меня нет, звоните Анне: +7 912 345-67-89\n")
    assert reason(letter) == "auto_reply"
