"""The name and the look of a network belong to that network; people and firms keep theirs."""

from dataclasses import replace

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.pipeline.parsing import TrustRules, read_mail
from mailbridge.sdk import Trust
from mailbridge.sdk.lookalikes import is_like, shown_host, skeleton, words_of
from mailbridge.worker import router_of

ROUTER = router_of({})
DOMAIN = {"facebook": "facebookmail.com", "linkedin": "linkedin.com"}


def mail(sender):
    raw = f"From: {sender}\r\nTo: leads@shop.example\r\nSubject: A question\r\nDate: Mon, 2 Nov 2026 10:00:00 +0300\r\n"
    body = "\r\nHello,\r\n\r\nhow much is a brick stove for a house of 120 square metres?\r\n\r\nAnna Weiss\r\n"
    made = decode((raw + body).encode())
    return replace(made, trust=Trust("pass", "dmarc", frozenset({made.sender.domain})))


def reads(sender, **rules):
    reading = read_mail(mail(sender), ROUTER, TrustRules(**rules))
    if reading.outcome == "quarantined":
        return reading.reason
    return reading.interests[0].mail.trust.verdict


SHOWN = [
    "Fаcebook", "F.a.c.e.b.o.o.k", "F a c e b o o k", "Face book", "Faceb00k", "Fac€book", "Face\u00adbook",
    "Faecbook", "Facebok", "Facebookk", "Fa\u200bcebook", "\u202ekoobecaF\u202c", "𝓕𝓪𝓬𝓮𝓫𝓸𝓸𝓴", "ꜰᴀᴄᴇʙᴏᴏᴋ",
    "🅵🅰🅲🅴book", "Ｆａｃｅｂｏｏｋ", "Fácebook", "Facebook™", "Facebook ✔", "Facebook, Inc.",
    "Facebook Security Team", "FacebookSecurity", "Facebook 24", "Fасеbооk Support", "BКонтакте", "B KOHTAKTE",
    "Вконтaкте", "Вконтакте Уведомления", "уведомления вк", "VК", "V K", "VK.", "[VK]", "ＶＫ", "𝐕𝐊",
    "VK | Новый комментарий", "VK Notifications", "Ivan (via VK)", "Иван через ВКонтакте", "lnstagram",
    "Instagrarn", "Linkedln", "L|nkedIn", "Twltter", "Tvvitter", "YоuТubе", "You Tube", "Одноклаccники",
    "OK.RU", "Clara via LinkedIn", "notification@facebookmail.com", "facebook.com", "www.vk.com",
    "www。vk。com", "Facebook: somebody@evil.example;",
]  # fmt: skip


@pytest.mark.parametrize("name", SHOWN)
def test_a_name_that_people_take_for_a_network_waits_for_a_person(name):
    sender = name if name.endswith(";") else f'"{name}" <somebody@evil.example>'
    assert reads(sender) == "impersonation"


@pytest.mark.parametrize(
    "sender",
    [
        "somebody@evil.example (Facebook)",
        "Anna (VK) <somebody@evil.example> (Facebook)",
        "=?utf-8?B?RtCwY2Vib29r?= <somebody@evil.example>",
        "Facebook <somebody@evil.example>, notification@facebookmail.com",
        "facebook.com@evil.example",
        "notification=facebookmail.com@evil.example",
    ],
)  # fmt: skip
def test_other_places_of_the_field_are_no_better(sender):
    assert reads(sender) == "impersonation"


@pytest.mark.parametrize(
    "host",
    [
        "facebook.com.evil.example", "facebookmail.com.evil.example", "facebookmail.net", "facebook.support",
        "faceb00k.com", "facebo0k-mail.example", "faceboook.example", "mail-facebook.example",
        "securefacebook.example", "xn--fcebook-8va.com", "xn--80adksbqg7ac.com", "vk-com.example",
        "vkcom.example", "vk.com.evil.example", "vk.company.evil.example", "vk.example", "notify.vk.example",
        "notify-vk.example", "notifyvk.example", "vkontakte.example", "ok-ru.example", "okru.example",
        "odnoklassniki.example", "linkedln.com", "twltter.com", "twitter.com-notify.example",
        "youtube-noreply.example", "вконтакте.example", "fаcebook.example", "mail-ok.ru", "my-vk.com",
        "x-ok-ru.example",
    ],
)  # fmt: skip
def test_a_host_that_looks_like_one_of_a_network_waits_for_a_person(host):
    assert reads(f"Anna <a@{host}>") == "impersonation"


@pytest.mark.parametrize(
    "sender",
    [
        "Vkonstantin <a@shop.example>", "Facebookoff agency <a@facebookoff.example>",
        "V. Kovač <a@vkus.example>", "BK Group <a@bk-group.example>", "OK Tours <a@ok.example>",
        "Twister dance <a@twister.example>", "X <a@x.example>", "Влад Контактов <a@kontakt.example>",
        "В контакте с природой <a@priroda.example>", "Meta Kovač <a@metallurg.example>",
        "Anna <anna@yandex.com>", "Anna <anna@googlemail.com>", "Anna <kaukinvk@mail.example>",
        "Okna <a@okna.example>", "Anna Face <a@bookface.example>", "Kim Carrot <a@carrot.example>",
        "<a@shop.example>", "Анна <a@магазин.example>", "Мебель ОКей <info@mebel-ok.ru>", "Окна <a@okna-ok.ru>",
        "Space <a@space-x.com>", "Икском <shop@xcom.example>", "Anna <a@xcom-shop.example>",
    ],
)  # fmt: skip
def test_people_and_firms_with_names_of_their_own_are_read(sender):
    assert reads(sender) == "pass"


@pytest.mark.parametrize(
    "sender",
    [
        "VK Ivanov <a@shop.example>",
        "Anna <vk@shop.example>",
        "Anna <facebook.team@evil.example>",
        "Anna <a@vk-tech.example>",
        "email@yandex-business.example",
        "Anna <email@yаndex.ru>",
    ],
)
def test_a_word_of_a_network_takes_the_good_word_away_and_no_more(sender):
    assert reads(sender) == "unknown"


def test_whom_a_person_allows_is_read():
    sender = "Facebook Agentur Nord <a@mail.facebook-nord.example>"
    assert reads(sender) == "impersonation"
    assert reads(sender, allowed=("facebook-nord.example",)) == "pass"
    assert reads(sender, allowed=("a@mail.facebook-nord.example",)) == "pass"
    assert reads(sender, allowed=("nord.example",)) == "impersonation"
    assert reads(sender, senders=("facebook-nord.example",)) == "pass"
    assert reads(sender, override="off") == "pass"


def test_an_authenticated_network_may_name_its_members_as_they_like():
    sender = "Facebook Agentur Nord via LinkedIn <messages-noreply@linkedin.com>"
    assert reads(sender) != "impersonation"
    unproven = replace(mail(sender), trust=Trust("unknown", "no_results"))
    assert read_mail(unproven, ROUTER, TrustRules()).reason == "impersonation"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("вконтакте", "BКонтaкте"),
        ("instagram", "lnstаgrarn"),
        ("twitter", "tvvltter"),
        ("vk", "ⓋⓀ"),
        ("ok.ru", "ОК.ru"),
    ],
)
def test_what_looks_alike_has_one_skeleton(one, other):
    assert skeleton(one) == skeleton(other)


def test_different_words_stay_different():
    names = [
        "facebook",
        "вконтакте",
        "vk",
        "одноклассники",
        "instagram",
        "linkedin",
        "youtube",
        "twitter",
        "ok",
        "мама",
        "папа",
    ]
    assert len({skeleton(name) for name in names}) == len(names)


def test_slips():
    assert is_like("facebok", "facebook")
    assert is_like("facebokk", "facebook")
    assert not is_like("facebookoff", "facebook")
    assert not is_like("acebook", "facebook")
    assert not is_like("twister", "twitter")


def test_odd_hosts_and_names_are_no_trouble():
    assert shown_host("xn--999999999999.a.example") == "xn--999999999999.a.example"
    assert words_of("") == words_of("\u202e…") == ()
    assert reads(f'"{"F." * 5000}" <a@shop.example>') == "pass"


def test_a_company_that_names_its_senders_takes_forms_from_them_only():
    form = replace(mail("Anna <anna@shop.example>"), trust=Trust("pass", "dmarc", frozenset({"shop.example"})))
    strict = {"override": "require"}
    assert read_mail(form, ROUTER, TrustRules(**strict)).outcome == "parsed"
    assert read_mail(form, ROUTER, TrustRules(**strict, senders=("shop.example",))).outcome == "parsed"
    assert read_mail(form, ROUTER, TrustRules(**strict, senders=("anna@shop.example",))).outcome == "parsed"
    assert read_mail(form, ROUTER, TrustRules(**strict, senders=("other.example",))).reason == "unauthenticated"
    unproven = replace(form, trust=Trust("unknown", "no_results"))
    assert read_mail(unproven, ROUTER, TrustRules(**strict, senders=("shop.example",))).reason == "unauthenticated"
    by_server = replace(form, trust=Trust("pass", "own_server"))
    assert read_mail(by_server, ROUTER, TrustRules(**strict, senders=("192.0.2.7/32",))).outcome == "parsed"
