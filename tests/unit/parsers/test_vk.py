import html
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailbridge.mailbox.decode import decode
from mailbridge.sdk import Ignored, Mail, ParseError, TemplateChanged
from mailbridge_parsers.vk import VkParser
from mailbridge_parsers.vk.links import target

SETTINGS = "https://vk.com/settings?act=notify&amp;f=email_block&amp;uhash=e4&amp;utype={}&amp;mhash=3a"
ANNA = '<a href="https://vk.com/id123?hash=ab">Анна Петрова</a>'
TEXT = (
    "Анна Петрова (https://vk.com/id123) ответила на Ваш комментарий:\n\n{}\n\n"
    "Ответить: https://vk.com/wall-55_77?reply=81&hash=1\n\nОтписаться: https://vk.com/settings?act=notify\n"
)
POST = "https://vk.com/wall-55_77?reply=78&amp;hash=1"


def page(*rows: str, utype: str = "comment") -> str:
    cells = "".join(f"<tr><td>{row}</td></tr>" for row in rows)
    footer = f'<tr><td>Вы можете изменить <a href="{SETTINGS.format(utype)}">настройки оповещений</a>.</td></tr>'
    return f'<table><tr><td><a href="https://vk.com">ВКонтакте</a></td></tr>{cells}{footer}</table>'


def mail(subject: str, *, markup: str = "", text: str = "") -> Mail:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ВКонтакте <admin@notify.vk.com>", "shop@example.com", subject
    message["Date"] = "Tue, 12 Mar 2024 10:20:30 +0300"
    if text:
        message.set_content(text)
    if markup:
        (message.add_alternative if text else message.set_content)(markup, subtype="html")
    return decode(message.as_bytes())


def read(subject: str, **parts: str):
    (interest,) = VkParser().parse(mail(subject, **parts))
    return interest


@pytest.mark.parametrize(
    ("sent", "role", "url"),
    [
        (
            "https://vk.com/wall-55_77?reply=78&thread=70&hash=1",
            "object",
            "https://vk.com/wall-55_77?reply=78&thread=70",
        ),
        ("https://m.vk.ru/wall-55_77?from_email=1", "object", "https://vk.com/wall-55_77"),
        ("https://vk.com/feed?w=wall-55_77_r78", "object", "https://vk.com/wall-55_77?reply=78"),
        ("https://vk.com/club55?z=photo-55_10%2Falbum-55_0", "object", "https://vk.com/photo-55_10"),
        ("https://vk.com/topic-55_100?post=200", "object", "https://vk.com/topic-55_100?post=200"),
        ("https://vk.com/market-55?w=product-55_9&ref=1", "object", "https://vk.com/market-55?w=product-55_9"),
        ("https://vk.com/product-55_9", "object", "https://vk.com/product-55_9"),
        ("https://vk.com/im?msgid=5&sel=77&mhash=1", "talk", "https://vk.com/im?sel=77"),
        ("https://vk.com/im?msgid=0&sel=0", "own", ""),
        ("https://vk.com/gim55?sel=77", "talk", "https://vk.com/gim55?sel=77"),
        ("https://vk.com/id123?hash=1", "person", "https://vk.com/id123"),
        ("https://vk.com/Anna.Petrova", "person", "https://vk.com/anna.petrova"),
        ("https://vk.ru/public55", "place", "https://vk.com/public55"),
        ("https://vk.com/settings?act=notify", "own", ""),
        ("https://vk.com/blog/moneyrequest?from_email=1", "own", ""),
        ("https://vk.com/", "own", ""),
        ("https://vk.com/away.php?to=https%3A%2F%2Fbread.example&cc_key=1", "outside", "https://bread.example/"),
        ("https://vk.com.evil.example/id5", "outside", "https://vk.com.evil.example/id5"),
    ],
)
def test_every_form_of_an_address_has_one_canonical_form(sent, role, url):
    found = target(sent)
    assert (found.role, found.url) == (role, url)


@pytest.mark.parametrize(
    ("verb", "kind", "text"),
    [
        ("прокомментировала Вашу запись", "comment", "Сколько стоит?"),
        ("ответила на Ваш комментарий", "comment", "Сколько стоит?"),
        ("упомянула Вас в комментарии", "mention", "Сколько стоит?"),
        ("оценила Вашу запись", "like", None),
        ("поделилась Вашей записью", "repost", "Сколько стоит?"),
        ("подписалась на Ваше сообщество", "follow", None),
        ("написала на Вашей стене", "post", "Сколько стоит?"),
        ("предложила новость", "post", "Сколько стоит?"),
        ("написала Вам сообщение", "message", "Сколько стоит?"),
        ("оставила отзыв", "review", "Сколько стоит?"),
        ("оформила заказ", "order", "Сколько стоит?"),
    ],
)
def test_the_kind_is_told_by_the_verb_and_the_words_by_their_place(verb, kind, text):
    button = f'<a href="{POST}">Посмотреть</a>'
    found = read(f"Анна Петрова {verb}", markup=page(f"{ANNA} {verb}:", "Сколько стоит?", button, utype="x"))
    assert (found.kind, found.text, found.author.name, found.author.url) == (
        kind,
        text,
        "Анна Петрова",
        "https://vk.com/id123",
    )
    assert found.source.url == "https://vk.com/wall-55_77?reply=78"


def test_the_unsubscribe_type_goes_before_the_words():
    found = read("Анна Петрова оставила что-то", markup=page(f"{ANNA} оставила комментарий:", "Привет", utype="pm"))
    assert found.kind == "message"


def test_name_and_verb_in_different_cells_belong_together():
    rows = page(
        '<a href="https://vk.com/id123"><img src="https://sun1.userapi.com/a.jpg"></a>',
        ANNA,
        "оставила комментарий",
        "Ого",
        f'<a href="{POST}">Перейти</a>',
    )
    found = read("Новое событие", markup=rows)
    assert (found.author.name, found.author.photo_url, found.text) == (
        "Анна Петрова",
        "https://sun1.userapi.com/a.jpg",
        "Ого",
    )


def test_a_name_in_another_case_is_shown_as_it_stands_alone():
    rows = page(
        '<a href="https://vk.com/id123">Анне Петровой</a> понравилась Ваша запись',
        ANNA,
        f'<a href="{POST}">Перейти</a>',
    )
    assert read("Анне Петровой понравилась Ваша запись", markup=rows).author.name == "Анна Петрова"


def test_the_greeting_names_the_recipient_and_not_the_author():
    rows = page('Здравствуйте, <a href="https://vk.com/id1">Ольга</a>!', f"{ANNA} прокомментировала Вашу запись", "Ого")
    assert read("Новый комментарий", markup=rows).author.name == "Анна Петрова"


def test_a_text_part_alone_is_enough():
    text = TEXT.format("А в субботу?")
    found = read("Анна Петрова ответила на Ваш комментарий", text=text)
    assert (found.text, found.author.url, found.refs.comment) == ("А в субботу?", "https://vk.com/id123", "81")


def test_the_same_comment_told_by_vk_com_and_vk_ru_is_one_interest():
    ids = {
        read(
            "Новый комментарий",
            markup=page(f"{ANNA} прокомментировала Вашу запись", "А", f'<a href="{url}">Ответить</a>'),
        ).id
        for url in ("https://vk.com/wall-55_77?reply=78", "https://m.vk.ru/feed?w=wall-55_77_r78")
    }
    assert len(ids) == 1


def test_equal_comment_numbers_under_different_walls_are_two_interests():
    ids = {
        read(
            "Новый комментарий", markup=page(f"{ANNA} прокомментировала запись", "А", f'<a href="{url}">Ответить</a>')
        ).id
        for url in ("https://vk.com/wall-55_77?reply=78", "https://vk.com/wall-56_77?reply=78")
    }
    assert len(ids) == 2


def test_stars_of_a_review_are_its_rating():
    found = read("Новый отзыв", markup=page(f"{ANNA} оставила отзыв", "★★★☆☆", "Неплохо"))
    assert (found.rating, found.text) == (3, "Неплохо")


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        ("Код подтверждения ВКонтакте", "login_code"),
        ("Вас ждут 5 новых уведомлений", "digest"),
        ("Возможно, Вы знакомы", "recommendation"),
    ],
)
def test_what_vk_says_of_itself_is_ignored(subject, reason):
    assert VkParser().parse(mail(subject, markup=page(ANNA))) == Ignored(reason)


def test_a_mail_without_event_or_author_goes_to_quarantine():
    with pytest.raises(ParseError, match="unknown_event"):
        VkParser().parse(mail("Важное", markup=page("Что-то новое", utype="zzz")))
    with pytest.raises(TemplateChanged, match="no_author"):
        VkParser().parse(mail("Новый комментарий к записи", markup=page("Оставлен новый комментарий", utype="zzz")))


HOSTILE = st.lists(
    st.sampled_from(
        [
            '<a href="https://vk.com/id666">Иван Сидоров</a> упомянул Вас в комментарии',
            '<a href="https://vk.com/wall-6_6?reply=6">vk.com/wall-6_6?reply=6</a>',
            "https://vk.com/wall-6_6?reply=6",
            "Иван Сидоров прокомментировал Вашу запись",
            "12 марта в 9:00",
            "С уважением, команда ВКонтакте",
            "Посмотреть комментарий",
            "«Торты»",
            "--",
            "Имя: Иван, тел. +7 999 666-66-66",
        ]
    )
    | st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=40).map(html.escape),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(HOSTILE)
@example(["Иван Сидоров прокомментировал Вашу запись", "https://vk.com/wall-6_6?reply=6"])
def test_words_of_a_stranger_change_neither_author_nor_place_nor_kind(words):
    rows = page(
        f"{ANNA} прокомментировала Вашу запись:", "<br>".join(words), f'<a href="{POST}">Посмотреть комментарий</a>'
    )
    found = read("Анна Петрова прокомментировала Вашу запись", markup=rows)
    assert (found.kind, found.author.name, found.author.url) == ("comment", "Анна Петрова", "https://vk.com/id123")
    assert (found.source.url, found.refs.comment) == ("https://vk.com/wall-55_77?reply=78", "78")


@settings(max_examples=40, deadline=None)
@given(HOSTILE)
def test_words_of_a_stranger_change_nothing_in_a_text_part(words):
    said = "\n".join(words)
    text = TEXT.format(said)
    found = read("Анна Петрова ответила на Ваш комментарий", text=text)
    assert (found.kind, found.author.name, found.author.url) == ("comment", "Анна Петрова", "https://vk.com/id123")
    assert (found.source.url, found.refs.comment) == ("https://vk.com/wall-55_77?reply=81", "81")


def test_no_field_carries_a_token_of_the_recipient():
    shown = str(
        read(
            "Анна Петрова прокомментировала Вашу запись",
            markup=page(f"{ANNA} прокомментировала Вашу запись:", "А", f'<a href="{POST}">Ответить</a>'),
        ).to_json()
    )
    assert not any(token in shown for token in ("hash", "utype", "from_email", "msgid"))


def test_the_recipient_may_be_spoken_to_before_the_name_in_the_subject():
    found = read(
        "Лариса, Анна Петрова прокомментировала Вашу запись",
        markup=page(f"{ANNA} прокомментировала Вашу запись:", "Сколько?"),
    )
    assert (found.author.name, found.text) == ("Анна Петрова", "Сколько?")


def test_what_a_button_row_says_is_no_headline():
    buttons = '<a href="https://vk.com/im?sel=123">Ответить</a> <a href="https://vk.com/im?sel=0">Все сообщения</a>'
    found = read("Новое от Анны", markup=page(f"{ANNA} пишет", "Сколько?", buttons, utype="pm"))
    assert (found.kind, found.author.name, found.text) == ("message", "Анна Петрова", "Сколько?")


def test_a_number_of_things_is_no_date():
    found = read(
        "Анна Петрова прокомментировала Вашу запись", markup=page(f"{ANNA} прокомментировала Вашу запись", "10 маек")
    )
    assert (found.text, found.occurred_at_precision) == ("10 маек", "received")


@pytest.mark.parametrize(
    "words", ["12 марта\nу меня день рождения", "Мой адрес:", "Почём?\n\n12 марта", "© 2024 на вывеске"]
)
def test_what_looks_like_a_templates_line_may_be_a_persons(words):
    found = read("Анна Петрова ответила на Ваш комментарий", text=TEXT.format(words))
    assert (found.text, found.occurred_at_precision) == (words, "received")


def test_a_date_that_stands_apart_is_the_templates():
    found = read("Анна Петрова ответила на Ваш комментарий", text=TEXT.format("12 марта\n\nПочём?"))
    assert (found.text, found.occurred_at_precision) == ("Почём?", "day")
