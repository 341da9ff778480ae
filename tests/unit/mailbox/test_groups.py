"""A group address of the company passes on what people write to it; a list of strangers does not make it theirs."""

from email.message import EmailMessage

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.mailbox.groups import THROUGH_GROUP
from mailbridge.pipeline.parsing import TrustRules, read_mail
from mailbridge.worker import router_of

WORDS = "Hello,\n\nis the oak table for six available?\n\nAnna\n"
GOOGLE = (
    '\n-- \nYou received this message because you are subscribed to the Google Groups "Sales" group.\n'
    "To unsubscribe from this group and stop receiving emails from it, send an email to "
    "sales+unsubscribe@workshop.example.\n"
)
GOOGLE_RU = (
    '\n-- \nВы получили это сообщение, поскольку подписаны на группу "Sales".\nЧтобы отменить подписку на эту группу, '
    "отправьте письмо на адрес sales+unsubscribe@workshop.example.\n"
)
OWN = {
    "Delivered-To": "leads@workshop.example",
    "To": "sales@workshop.example",
    "Precedence": "list",
    "Mailing-list": "list sales@workshop.example; contact sales+owners@workshop.example",
    "List-ID": "<sales.workshop.example>",
    "List-Post": "<https://groups.example/sales/post>, <mailto:sales@workshop.example>",
    "List-Unsubscribe": "<mailto:googlegroups-manage+1+unsubscribe@googlegroups.com>",
}
VIA = {
    "From": "\"'Anna Petrova' via Sales\" <sales@workshop.example>",
    "X-Original-From": "Anna Petrova <anna@people.example>",
    "Reply-To": "Anna Petrova <anna@people.example>",
}


def mail(text=WORDS, html=None, **fields):
    made = EmailMessage()
    base = {
        "From": "Anna Petrova <anna@people.example>",
        "Subject": "Oak table",
        "Date": "Mon, 02 Mar 2026 09:00:00 +0300",
    }
    given = {**base, **{name.replace("_", "-"): value for name, value in fields.items()}}
    for name, value in given.items():
        if value is not None:
            made[name] = value
    made.set_content(text)
    if html:
        made.add_alternative(html, subtype="html")
    return made.as_bytes()


def read(raw):
    return read_mail(decode(raw), router_of({}), TrustRules())


def only(raw):
    reading = read(raw)
    assert reading.outcome == "parsed", reading.reason
    (interest,) = reading.interests
    return interest


@pytest.mark.parametrize(
    "fields", [OWN, {**OWN, **VIA}, {**OWN, **VIA, "X-Original-From": None}], ids=["kept", "via", "reply-to"]
)
@pytest.mark.parametrize("footer", ["", GOOGLE, GOOGLE_RU])
@pytest.mark.parametrize("subject", ["Oak table", "[Sales] Oak table"])
def test_a_letter_to_a_group_of_the_company_is_its_writers(fields, footer, subject):
    interest = only(mail(WORDS + footer, **{**fields, "Subject": subject}))
    assert (interest.author.name, interest.author.email) == ("Anna Petrova", "anna@people.example")
    assert interest.reply.target == "anna@people.example"
    assert interest.text == WORDS.strip()
    assert interest.source.title == "Oak table"


def test_the_footer_goes_from_markup_too():
    markup = "<p>Is the oak table available?</p><p></p>\n\n-- <br />\n" + GOOGLE.strip().removeprefix("-- \n").replace(
        "\n", "<br />\n"
    )
    received = decode(mail(WORDS + GOOGLE, html=markup, **OWN))
    assert "subscribed" not in received.html.text + received.text
    assert THROUGH_GROUP in received.defects


def test_a_letter_to_a_list_of_strangers_is_no_interest():
    foreign = {
        "To": "dev@lists.example",
        "Mailing-list": "list dev@lists.example",
        "List-ID": "<dev.lists.example>",
        "List-Post": "<mailto:dev@lists.example>",
        "User-Agent": "Mozilla Thunderbird",
    }
    reading = read(mail(**{**OWN, **foreign}))
    assert (reading.outcome, reading.reason) == ("ignored", "list_mail")


def test_a_form_through_a_list_of_strangers_waits():
    foreign = {"To": "dev@lists.example", "List-ID": "<dev.lists.example>", "List-Post": "<mailto:dev@lists.example>"}
    form = "Имя: Анна Ольховик\nТелефон: +7 912 345-67-89\nСообщение: сколько стоит стол?\n"
    reading = read(mail(form, **foreign, From="Site <site@workshop.example>"))
    assert (reading.outcome, reading.reason) == ("quarantined", "listed_mail")


@pytest.mark.parametrize("through", [{}, OWN])
def test_a_form_is_read_alike_through_a_group(through):
    form = "Имя: Анна Ольховик\nТелефон: +7 912 345-67-89\nСообщение: сколько стоит стол?\n"
    interest = only(mail(form, **{**through, "From": "Site <site@workshop.example>", "Subject": "Заявка с сайта"}))
    assert (interest.author.name, interest.author.phones) == ("Анна Ольховик", ("+79123456789",))


def test_a_newsletter_to_a_group_stays_a_newsletter():
    raw = mail(**OWN).replace(b"Subject:", b"List-Unsubscribe: <https://news.example/u>\nSubject:", 1)
    assert read(raw).reason == "newsletter"


@pytest.mark.parametrize(
    ("own", "is_group"),
    [
        ({"Delivered-To": "leads@gmail.com"}, False),
        ({"Delivered-To": "Sales@workshop.example"}, False),
        ({"Delivered-To": "leads@gmail.com", "X-Google-Group-Id": "1"}, True),
        ({"Delivered-To": "leads@other.example", "X-Google-Group-Id": "1"}, False),
        ({"Delivered-To": None, "Received": "from a by mx for <leads@workshop.example>; Mon, 2 Mar 2026"}, True),
        ({"Mailing-list": "list x@googlegroups.com", "Delivered-To": None, "X-Google-Group-Id": "1"}, False),
    ],
)  # fmt: skip
def test_whose_a_list_is_is_told_by_our_own_server(own, is_group):
    assert (THROUGH_GROUP in decode(mail(**{**OWN, **own})).defects) is is_group


RECEIVED = b"Authentication-Results: mx.workshop.example; dmarc=%s header.from=workshop.example\r\nReceived: from x by "
RECEIVED += b"mx.workshop.example; Mon, 02 Mar 2026 09:00:05 +0300\r\n"


def test_nobody_vouches_for_whom_a_group_names():
    received = decode(RECEIVED % b"pass" + mail(**OWN, **VIA))
    assert received.sender.email == "anna@people.example"
    assert (received.trust.verdict, received.trust.reason) == ("unknown", "forwarded")


def test_a_sender_that_failed_stays_who_he_is():
    received = decode(RECEIVED % b"fail" + mail(**OWN, **VIA))
    assert received.sender.email == "sales@workshop.example"
    assert received.trust.verdict == "fail"
