"""A link to a host that only looks like a known one is marked wherever it stands in an interest; honest ones not."""

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.pipeline.parsing import TrustRules, read_mail
from mailbridge.sdk import Interest
from mailbridge.sdk.card import card_lines, card_text
from mailbridge.sdk.lookalike_hosts import imitated_by
from mailbridge.sdk.lookalike_links import LOOKALIKE_LINK, lookalike_links
from mailbridge.testing.interests import make_card
from mailbridge.worker import router_of

ROUTER = router_of({})
IMITATIONS = {
    "vk.com": (
        "vk.com-id.example", "vk-com.example", "m.vk.com-login.example", "login-vk.example", "vk.corn", "vĸ.com",
        "xn--80adksbqg7ac.com", "vkontakte-id.example",
    ),
    "ok.ru": ("0k.ru", "ok.ru.evil.example", "odnoklasniki.example"),
    "facebook.com": (
        "facebook.com.evil.example", "faceb00k.com", "xn--fcebook-8va.com", "secure-facebook.com", "facebok.example",
    ),
    "instagram.com": ("lnstagram.com", "instagrarn.com"),
    "x.com": ("x.com.evil.example", "tvvitter.com"),
    "t.me": ("t.me.evil.example", "telegram-bot.example"),
    "google.com": ("g00gle.com", "google.com.evil.example"),
    "yandex.ru": ("yаndex.ru", "yandex.ru.com", "business.yandex.ru.evil.example"),
    "2gis.ru": ("2g1s.ru",),
    "avito.ru": ("av1to.ru", "avito-pay.example"),
    "gosuslugi.ru": ("gosus1ugi.example",),
}  # fmt: skip
HONEST = (
    "vk.com", "m.vk.com", "vkus.ru", "mebel-ok.ru", "xcom-shop.ru", "google.de", "google.co.uk", "maps.yandex.kz",
    "instagram.fhen1-1.fna.fbcdn.net", "yt3.ggpht.com", "youtu.be", "the-office.com", "top-t.me", "shop.example",
    "googleads.g.doubleclick.net", "metallurg.example", "okna.example", "магазин.рф",
)  # fmt: skip


@pytest.mark.parametrize(("host", "known"), [(host, known) for known, hosts in IMITATIONS.items() for host in hosts])
def test_an_imitation_is_told_with_what_it_imitates(host, known):
    assert imitated_by(host) == known


@pytest.mark.parametrize("host", HONEST)
def test_an_honest_host_is_left_alone(host):
    assert imitated_by(host) is None


EVIL = "https://facebook.com.evil.example/login"
PLACES = {
    "source": {"source": {"url": EVIL}},
    "author": {"author": {"url": EVIL}},
    "photo": {"author": {"photo_url": EVIL}},
    "product": {"product": {"url": EVIL}},
    "reply": {"reply": {"method": "link", "target": EVIL}},
    "text": {"text": f"Look at this ({EVIL})!"},
    "bare": {"text": "Log in at facebook.com.evil.example."},
    "path": {"text": "Log in at www.faceb00k.com/login"},
    "field": {"fields": ({"label": "Site", "value": EVIL},)},
    "user": {"text": "https://facebook.com@evil.example/"},
    "wrapped": {"text": "https://vk.com/away.php?to=https%3A%2F%2Ffacebook.com.evil.example%2F"},
    "name": {"author": {"name": f"Anna {EVIL}"}},
}


def interest_with(values):
    base = make_card().model_dump(by_alias=True)
    for name, value in values.items():
        base[name] = {**base[name], **value} if isinstance(value, dict) else value
    return Interest.model_validate(base)


@pytest.mark.parametrize("place", PLACES)
def test_every_place_of_an_interest_is_looked_at(place):
    assert {known for _, known in lookalike_links(interest_with(PLACES[place]))} == {"facebook.com"}


@pytest.mark.parametrize(
    "text",
    [
        "I found you in facebook.Great work!",
        "Нашёл вас в facebook.Хочу купить",
        "The price list is a google.docs file",
        "Write to anna@facebook.example or to me",
        "vk.com/id1, https://www.youtube.com/watch?v=1, t.me/anna",
    ],
)
def test_words_and_addresses_are_no_links(text):
    assert lookalike_links(interest_with({"text": text})) == ()


def reading(body, **rules):
    head = "From: Anna <anna@shop.example>\r\nTo: leads@firm.example\r\nSubject: A question\r\n"
    return read_mail(
        decode(f"{head}Message-ID: <1@shop.example>\r\n\r\n{body}\r\n".encode()), ROUTER, TrustRules(**rules)
    )


def test_a_manager_reads_what_is_wrong_with_the_link():
    (interest,) = reading(f"Your page will be blocked, confirm it here: {EVIL}").interests
    assert LOOKALIKE_LINK in interest.labels
    first = next(iter(card_lines(interest, "en")))
    assert str(first) == (
        "Careful: a link leads to facebook.com.evil.example, which only looks like facebook.com: do not open it"
        " and enter no password"
    )
    assert "Осторожно: ссылка ведёт на facebook.com.evil.example" in card_text(interest, "ru", marker="K", most=2000)


def test_letters_of_other_alphabets_are_shown_as_both():
    (interest,) = reading("See https://xn--fcebook-8va.com/login for the order").interests
    assert "xn--fcebook-8va.com (fàcebook.com)" in str(next(iter(card_lines(interest, "en"))))


def test_an_honest_mail_has_no_mark_and_whom_a_person_allows_none_either():
    (plain,) = reading("My page is https://vk.com/id1, what does a stove cost?").interests
    assert LOOKALIKE_LINK not in plain.labels
    assert all(line.name != "warning" for line in card_lines(plain, "en"))
    (allowed,) = reading("See https://www.facebook-nord.example/ please", allowed=("facebook-nord.example",)).interests
    assert LOOKALIKE_LINK not in allowed.labels
