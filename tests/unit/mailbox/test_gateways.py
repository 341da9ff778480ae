"""What a company's own gateway puts into a mail is taken out again, and nothing that the sender wrote."""

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.mailbox.gateways import ungated_html, ungated_subject, ungated_text
from mailbridge.sdk import canonical_url
from mailbridge.sdk.gateways import ungated_url
from mailbridge.sdk.mail import LINKS_HIDDEN

WRAPPED = [
    (
        "https://eur03.safelinks.protection.outlook.com/?url=https%3A%2F%2Fbread.example%2Fa%3Fb%3D1%23c&data=05%7C02&sdata=Z%3D",
        "https://bread.example/a?b=1#c",
    ),
    (
        "https://urldefense.proofpoint.com/v2/url?u=https-3A__vk.com_wall-2D77-5F451-3Freply-3D9&d=DwMFaQ&c=x&e=",
        "https://vk.com/wall-77_451?reply=9",
    ),
    ("https://urldefense.proofpoint.com/v1/url?u=http%3A%2F%2Fbread.example%2Fa&k=x", "http://bread.example/a"),
    ("https://urldefense.com/v3/__https://bread.example/a*2Fb?x=1__;JQ!!ABC!xy-z$", "https://bread.example/a%2Fb?x=1"),
    ("https://urldefense.com/v3/__https://bread.example/**A/b__;0LbihJY!!ABC!xy$", "https://bread.example/ж№/b"),
    ("https://urldefense.com/v3/__https:/bread.example/a__;!!ABC!xy$", "https://bread.example/a"),
    ("https://linkprotect.cudasvc.com/url?a=https%3a%2f%2fbread.example%2fa&c=E,1,x&typo=1", "https://bread.example/a"),
    ("https://clicktime.symantec.com/3AbC/7V?u=https%3A%2F%2Fbread.example%2Fa", "https://bread.example/a"),
    (
        "https://eu-west-1.protection.sophos.com?d=bread.example&u=aHR0cHM6Ly9icmVhZC5leGFtcGxlL2E=&i=N&h=f",
        "https://bread.example/a",
    ),
    ("https://secure-web.cisco.com/1AbC-d/https%3A%2F%2Fbread.example%2Fa%3Fb%3D1", "https://bread.example/a?b=1"),
    ("https://checklink.mail.ru/proxy?url=https%3A%2F%2Fbread.example%2Fa", "https://bread.example/a"),
]


@pytest.mark.parametrize(("sent", "own"), WRAPPED)
def test_the_link_behind_a_gateways_link_is_read(sent, own):
    assert ungated_url(sent) == own
    assert canonical_url(sent) == canonical_url(own)


def test_two_gateways_one_behind_the_other():
    first = "https://urldefense.com/v3/__https://bread.example/a__;!!ABC!xy$"
    assert ungated_url(f"https://x.safelinks.protection.outlook.com/?url={first}&data=1") == "https://bread.example/a"


@pytest.mark.parametrize(
    "sent",
    [
        "https://bread.example/?url=https%3A%2F%2Fother.example",
        "https://safelinks.protection.outlook.com.evil.example/?url=https%3A%2F%2Fother.example",
        "https://eur03.safelinks.protection.outlook.com/?data=1",
        "https://x.safelinks.protection.outlook.com/?url=javascript%3Aalert(1)",
        "https://eu.protection.sophos.com/?u=%%%",
        "https://urldefense.com/v3/__https://bread.example",
        "https://[bad/",
    ],
)
def test_any_other_link_stays_as_it_is(sent):
    assert ungated_url(sent) == sent


def test_what_stands_in_a_link_begins_no_new_line_and_no_markup():
    link = "https://x.safelinks.protection.outlook.com/?url=https%3A%2F%2Fa.example%2F%0A%D0%A2%D0%B5%D0%BB%3A1%22%3E%3Cb%3E"
    assert "\n" not in ungated_text(f"see {link}")
    assert "<b>" not in ungated_html(f'<a href="{link}">x</a>')


def test_links_of_a_text_part_keep_the_brackets_around_them():
    text = "Anna (https://x.safelinks.protection.outlook.com/?url=https%3A%2F%2Fvk.com%2Fid1&data=1) wrote"
    assert ungated_text(text) == "Anna (https://vk.com/id1) wrote"


@pytest.mark.parametrize(
    ("subject", "own"),
    [
        ("[EXTERNAL] Anna commented on your post", "Anna commented on your post"),
        ("[EXT] Anna", "Anna"),
        ("EXT: Anna", "Anna"),
        ("*** EXTERNAL E-MAIL *** Anna", "Anna"),
        ("Re: [External] Anna", "Re: Anna"),
        ("[ВНЕШНЯЯ ПОЧТА] Новый комментарий", "Новый комментарий"),
        ("*****SPAM***** Anna", "Anna"),
        ("{Spam?} Anna", "Anna"),
        ("[sales] Anna", "[sales] Anna"),
        ("External walls: a question", "External walls: a question"),
        ("Внешний вид дивана", "Внешний вид дивана"),
        ("[EXTERNAL]", "[EXTERNAL]"),
    ],
)
def test_a_tag_before_the_subject_goes(subject, own):
    assert ungated_subject(subject) == own


BANNERS = [
    """CAUTION: This email originated from outside of the organization. Do not click links or open attachments
unless you recognize the sender and know the content is safe.""",
    "[EXTERNAL EMAIL] Use caution with links and attachments.",
    """ZjQcmQRYFpfptBannerStart
This Message Is From an External Sender
This message came from outside your organization.
ZjQcmQRYFpfptBannerEnd""",
    """You don't often get email from anna@bread.example. Learn why this is important
<https://aka.ms/LearnAboutSenderIdentification>""",
    "Вы нечасто получаете письма от anna@bread.example. Узнайте, почему это важно",
    "ВНИМАНИЕ! Это письмо пришло от внешнего отправителя. Не переходите по ссылкам и не открывайте вложения.",
    "Осторожно: письмо из-за пределов компании. Будьте внимательны!",
]


@pytest.mark.parametrize("banner", BANNERS)
def test_a_warning_on_top_goes(banner):
    assert ungated_text(f"{banner}\n\nDo you deliver?\n").strip() == "Do you deliver?"
    markup = "<div><b>" + banner.replace(". ", ".</b> <i></i>", 1).replace("<https", "&lt;https") + "</div>"
    seen = decode(
        b"From: a@b.example\nSubject: x\nContent-Type: text/html; charset=utf-8\n\n<html><head><title>t</title></head>"
        + f"<body>{markup}<p>Do you deliver?</p></body></html>".encode()
    )
    assert seen.html.text.split() == ["Do", "you", "deliver?"]


@pytest.mark.parametrize(
    "words",
    [
        "We work outside the city. Do not open the attachments before Monday, please.\n\nAnna",
        "External walls are ready. Please send the price.",
        "Внешний вид отличный! Не открывайте до праздника.\nАнна",
        "Please be careful with the links.",
        "My laptop was checked for viruses and is still slow.\n\nThis message was checked by my son. Can you help?",
        "Прошу ответить конфиденциально: вложения удалите после прочтения.\n\nИван",
        "★★★★☆",
    ],
)
def test_what_a_person_wrote_stays(words):
    assert ungated_text(words) == words
    assert (
        decode(
            b"From: a@b.example\nSubject: x\nContent-Type: text/html; charset=utf-8\n\n"
            + "".join(f"<p>{line}</p>" for line in words.split("\n")).encode()
        ).html.text.split()
        == words.split()
    )


FOOTERS = [
    "-- \nThis email has been checked for viruses by Avast antivirus software.\nwww.avast.com",
    "-- \nThis message has been scanned for viruses by MailScanner, and is\nbelieved to be clean.",
    "Это сообщение проверено на вирусы антивирусом Avast.\nhttps://www.avast.com/antivirus",
    """________________________________
This e-mail and any attachments are confidential and intended solely for the addressee. If you are not the
intended recipient, please notify the sender and delete it.""",
    """Данное сообщение и вложения к нему конфиденциальны и предназначены исключительно для адресата. Если вы
получили его по ошибке, уведомите отправителя и удалите его.""",
]


@pytest.mark.parametrize("footer", FOOTERS)
def test_a_footer_below_goes(footer):
    assert ungated_text(f"Do you deliver?\n\n{footer}\n").strip() == "Do you deliver?"


def hidden(link, body):
    html = body.format(link=link)
    return decode(f"From: a@b.example\nSubject: x\nContent-Type: text/html\n\n{html}".encode()).defects


def test_links_that_only_a_gateway_can_read_are_told():
    mimecast = "https://protect-eu.mimecast.com/s/AbC?domain=vk.com"
    assert LINKS_HIDDEN in hidden(mimecast, '<a href="{link}">Anna</a>')
    assert LINKS_HIDDEN not in hidden(
        mimecast, '<a href="https://vk.com/id1">A</a> <a href="https://vk.com/id2">{link}</a>'
    )


def test_a_bomb_of_markup_costs_little():
    for piece in ("<style>", "<!--", "<script>", "<a <a ", "external "):
        ungated_html("outside " + piece * 100_000)
