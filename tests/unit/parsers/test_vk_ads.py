from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbridge.mailbox.decode import decode
from mailbridge.sdk import Ignored, Mail, ParseError, TemplateChanged
from mailbridge_parsers.vk_ads import VkAdsParser

HEAD = ("Название лид-формы: Торт", "Дата отправки: 12.03.2024 10:20", "Имя: Зинаида", "Телефон: 8 912 345-67-89")


def mail(*lines: str, subject: str = "Новая заявка от формы: Торт") -> Mail:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ads.notifications@vk.company", "shop@example.com", subject
    message["Date"] = "Tue, 12 Mar 2024 10:20:30 +0300"
    message.set_content("<br>\n".join(lines), subtype="html")
    return decode(message.as_bytes())


def read(*lines: str):
    (interest,) = VkAdsParser().parse(mail(*lines))
    return interest


def test_labels_count_and_not_positions():
    straight, turned = read(*HEAD, "Город: Вологда"), read("Город: Вологда", *reversed(HEAD))
    for found in (straight, turned):
        assert (found.author.name, found.author.phones, found.source.title) == ("Зинаида", ("+79123456789",), "Торт")
        assert [(one.label, one.value) for one in found.fields] == [("Город", "Вологда")]
        assert (found.kind, found.source.channel, found.source.network) == ("request", "social", "vk")
        assert found.occurred_at.isoformat() == "2024-03-12T10:20:00+03:00"


def test_each_question_goes_with_its_answer_and_both_are_the_text():
    found = read(
        *HEAD, "Вопрос: Когда: утро или вечер?", "Ответ: после 15:00", "Вопрос: Начинки?", "Ответы: мёд, вишня"
    )
    assert [(one.label, one.value) for one in found.fields] == [
        ("Когда: утро или вечер?", "после 15:00"),
        ("Начинки?", "мёд, вишня"),
    ]
    assert found.text == "Вопрос: Когда: утро или вечер?\nОтвет: после 15:00\nВопрос: Начинки?\nОтветы: мёд, вишня"


def test_questions_before_the_contacts_hide_no_contact():
    found = read("Форма: Торт", "Вопрос: Когда?", "Ответ: завтра", "Имя: Зинаида", "Телефон: +79123456789")
    assert (found.author.name, found.author.phones) == ("Зинаида", ("+79123456789",))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["Телефон: +7 999 666-66-66", "Имя: Иван", "Email: a@evil.example", "Форма: Другая", "ещё строка", ""]
        ),
        max_size=6,
    )
)
def test_labels_inside_an_answer_are_words(lines):
    found = read(*HEAD, "Вопрос: Пожелания?", "Ответ: сюрприз", *lines)
    assert (found.author.name, found.author.phones, found.author.email) == ("Зинаида", ("+79123456789",), None)
    assert (found.source.title, found.reply.target) == ("Торт", "+79123456789")
    assert all(line in found.text for line in lines)


def test_a_phone_that_is_none_stays_as_typed_and_a_wrong_address_is_kept_as_a_field():
    found = read("Форма: Торт", "Имя: Зинаида", "Телефон: звоните после шести", "Email: нет")
    assert (found.author.phones, found.author.email) == (("звоните после шести",), None)
    assert [(one.label, one.value) for one in found.fields] == [("email", "нет")]


def test_the_clock_of_a_lead_far_away_is_not_ours():
    near = read(*HEAD, "Время лида на момент заполнения формы: 12.03.2024 10:19")
    far = read(*HEAD, "Время лида на момент заполнения формы: 12.03.2024 17:19")
    assert [found.occurred_at.isoformat()[:16] for found in (near, far)] == ["2024-03-12T10:19", "2024-03-12T10:20"]


def test_an_address_is_answered_before_a_phone():
    assert read(*HEAD, "Email: Zina@Bread.example").reply.target == "zina@bread.example"


def test_two_equal_leads_are_two_and_one_named_by_number_is_one():
    assert read(*HEAD, "Город: А").id != read(*HEAD, "Город: Б").id
    assert read(*HEAD, "ID лида: 7", "Город: А").id == read(*HEAD, "ID лида: 7", "Город: Б").id


def test_mails_about_advertising_are_ignored_and_others_refused():
    assert VkAdsParser().parse(mail("Текст", subject="Объявление прошло модерацию")) == Ignored("service")
    with pytest.raises(ParseError, match="unknown_event"):
        VkAdsParser().parse(mail("Текст", subject="Здравствуйте"))
    with pytest.raises(TemplateChanged, match="no_author"):
        VkAdsParser().parse(mail("Форма: Торт", "Данные в кабинете"))


def test_the_subject_once_more_as_the_first_line_is_no_field():
    found = read("Новая заявка от формы: Торт", "Имя: Анна", "Город: Тверь")
    assert (found.source.title, [one.label for one in found.fields]) == ("Торт", ["Город"])
