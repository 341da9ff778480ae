import html
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbridge.mailbox.decode import decode
from mailbridge.sdk import Ignored, Mail, ParseError, TemplateChanged
from mailbridge_parsers.ok import OkParser, target

TOPIC = "https://ok.ru/group/5566/topic/7788"
OWNER = '<a href="https://ok.ru/profile/57?landref=m.{0}.owner">Марта Ржаная</a>'


def page(kind: str, *rows: str, place: str = TOPIC) -> str:
    cells = "".join(f"<tr><td>{row}</td></tr>" for row in rows)
    parts = (("TOPIC", "Посмотреть"), ("like", "Класс"), ("share", "Поделиться"), ("comment", "Комментировать"))
    buttons = "".join(
        f'<td><a href="{place}?landref=m.{kind}.{part}"><table><tr><td>{word}</td></tr></table></a></td>'
        for part, word in parts
    )
    footer = f'<a href="https://ok.ru/settings?landref=m.{kind}.unsubscribe">отписаться</a>'
    logo = f'<a href="https://ok.ru/?landref=m.{kind}.headerLogo"><img src="https://st.mycdn.me/logo.png"></a>'
    return f"<table><tr><td>{logo}</td></tr>{cells}<tr>{buttons}</tr><tr><td>Вы можете {footer}.</td></tr></table>"


def mail(subject: str, markup: str) -> Mail:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ok <bezotveta@odnoklassniki.ru>", "shop@example.com", subject
    message["Date"] = "Tue, 12 Mar 2024 10:20:30 +0300"
    message.set_content(markup, subtype="html")
    return decode(message.as_bytes())


def read(subject: str, markup: str):
    (interest,) = OkParser().parse(mail(subject, markup))
    return interest


@pytest.mark.parametrize(
    ("sent", "role", "url"),
    [
        ("https://ok.ru/profile/57?landref=m.FeedDigest.feedOwner", "person", "https://ok.ru/profile/57"),
        ("http://www.odnoklassniki.ru/profile/57", "person", "https://ok.ru/profile/57"),
        ("https://m.ok.ru/profile/57/pphoto/8?landref=m.X.like", "object", "https://ok.ru/profile/57/pphoto/8"),
        ("https://ok.ru/profile/57/statuses/8", "object", "https://ok.ru/profile/57/statuses/8"),
        ("https://ok.ru/group/5566/topic/7788", "object", TOPIC),
        ("https://ok.ru/group/5566", "place", "https://ok.ru/group/5566"),
        ("https://ok.ru/mybakery", "place", "https://ok.ru/mybakery"),
        ("https://ok.ru/mybakery/topic/7788", "object", "https://ok.ru/mybakery/topic/7788"),
        ("https://ok.ru/messages/57", "talk", "https://ok.ru/messages/57"),
        ("https://ok.ru/?landref=m.Pr.lookPresent", "own", ""),
        ("https://ok.ru.evil.example/profile/5", "outside", "https://ok.ru.evil.example/profile/5"),
    ],
)
def test_every_form_of_an_address_has_one_canonical_form(sent, role, url):
    found = target(sent)
    assert (found.role, found.url) == (role, url)


@pytest.mark.parametrize(
    ("verb", "kind", "text"),
    [
        ("прокомментировала вашу тему", "comment", "Ого"),
        ("ответила на ваш комментарий", "comment", "Ого"),
        ("поставила «Класс!» вашей теме", "like", None),
        ("поделилась вашей темой", "repost", "Ого"),
        ("отметила вас в теме", "mention", "Ого"),
        ("вступила в вашу группу", "follow", None),
        ("предлагает вам дружбу", "follow", None),
    ],
)
def test_the_kind_is_told_by_the_verb_and_never_by_the_buttons(verb, kind, text):
    found = read(f"Марта Ржаная {verb}", page("Any", OWNER.format("Any") + " " + verb, "12.03.2024 10:15", "Ого"))
    assert (found.kind, found.text, found.author.name, found.author.url) == (
        kind,
        text,
        "Марта Ржаная",
        "https://ok.ru/profile/57",
    )
    assert (found.source.url, found.occurred_at.isoformat()) == (TOPIC, "2024-03-12T10:15:00+03:00")


def test_a_feed_digest_is_told_by_the_links_and_not_by_the_subject():
    markup = page("FeedDigest", OWNER.format("FeedDigest") + " добавила фото")
    assert OkParser().parse(mail("Марта Ржаная добавила фото", markup)) == Ignored("digest")


def test_the_portrait_of_an_older_layout_names_the_profile():
    found = read(
        "Глеб Колосков сделал вам подарок",
        '<span>Глеб Колосков сделал вам подарок</span><br><img src="cid:avatar-58"><a href="http://ok.ru/notifications?landref=m.Pr.lookPresents">принять</a>',
    )
    assert (found.author.name, found.author.url, found.author.photo_url) == (
        "Глеб Колосков",
        "https://ok.ru/profile/58",
        "cid:avatar-58",
    )


def test_codes_advice_and_unknown_events():
    assert OkParser().parse(mail("Код подтверждения", page("Sms", "Ваш код 1"))) == Ignored("login_code")
    assert OkParser().parse(mail("Марта Ржаная", page("PYMK", OWNER.format("PYMK")))) == Ignored("recommendation")
    with pytest.raises(ParseError, match="unknown_event"):
        OkParser().parse(mail("Что-то новое", page("Xyz", "Изменения")))
    with pytest.raises(TemplateChanged, match="no_author"):
        OkParser().parse(mail("Новый комментарий к теме", page("Xyz", "Появился новый комментарий к теме")))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                '<a href="https://ok.ru/profile/666">Иван Сидоров</a> поделился вашей темой',
                '<a href="https://ok.ru/group/6/topic/6">https://ok.ru/group/6/topic/6</a>',
                "https://ok.ru/group/6/topic/6?landref=m.FeedDigest.x",
                "Иван Сидоров сделал вам подарок",
                "11.03.2024 10:15",
                "Класс",
            ]
        )
        | st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=40).map(html.escape),
        min_size=1,
        max_size=6,
    )
)
def test_words_of_a_stranger_change_neither_author_nor_place_nor_kind(words):
    verb = "прокомментировала вашу тему"
    markup = page("Comment", OWNER.format("Comment") + " " + verb, "<br>".join(words))
    found = read(f"Марта Ржаная {verb}", markup)
    assert (found.kind, found.author.name, found.author.url) == ("comment", "Марта Ржаная", "https://ok.ru/profile/57")
    assert found.source.url == TOPIC
