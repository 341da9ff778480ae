from email.message import EmailMessage

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.sdk import Ignored, Mail, ParseError, TemplateChanged
from mailbridge_parsers.reviews import ReviewsParser

GOOGLE = "Google Business Profile <businessprofile-noreply@google.com>"
YANDEX = "Яндекс Бизнес <email@business.yandex.ru>"
TWO_GIS = "2ГИС для бизнеса <noreply@account.2gis.com>"
LINK = "https://business.google.com/n/1/reviews/Ab-9?utm_source=x"


def mail(sender: str, subject: str, body: str, html: str = "") -> Mail:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "box@firm.example", subject
    message.set_content(html or body, subtype="html" if html else "plain")
    return decode(message.as_bytes())


def google(rating: str, text: str, subject: str = "Ann left a review for Firm") -> Mail:
    return mail(
        GOOGLE,
        subject,
        f"You got a new {rating} review\n\nRead review\n<{LINK}>\n\nAnn Wood\n\n{text}Reply to review\n",
    )


@pytest.mark.parametrize(("shown", "rating"), [("1-star", 1), ("5-star", 5), ("★★★", 3), ("great", None)])
def test_a_rating_is_read_or_left_empty_never_guessed(shown, rating):
    (interest,) = ReviewsParser().parse(google(shown, ""))
    assert interest.rating == rating
    assert interest.text is None


def test_a_google_review_is_whole_and_has_the_id_of_the_network():
    (interest,) = ReviewsParser().parse(google("4-star", "Good.\nReply quickly, please.\n\n"))
    assert interest.author.name == "Ann Wood"
    assert interest.text == "Good.\nReply quickly, please."
    assert interest.reply.target == "https://business.google.com/n/1/reviews/Ab-9"
    assert interest.id == ReviewsParser().parse(google("4-star", "Edited.\n"))[0].id


def test_a_digest_of_google_reviews_is_not_guessed_at():
    with pytest.raises(ParseError, match="several_reviews"):
        ReviewsParser().parse(google("4-star", "", subject="Firm, you got 3 new reviews"))


@pytest.mark.parametrize(
    ("sender", "subject"),
    [
        (YANDEX, "У вас новые отзывы для «Фирма»"),
        (TWO_GIS, "Ваш клиент ждёт ответа на отзыв"),
        (GOOGLE, "Фирма: новый отзыв от пользователя Раиса"),
        (GOOGLE, "Anna left a review for Firm"),
        (GOOGLE, "You have a new question"),
    ],
)
def test_a_review_mail_without_a_review_is_noticed(sender, subject):
    with pytest.raises(TemplateChanged):
        ReviewsParser().parse(mail(sender, subject, "", html="<p>Совсем другой вид</p>"))


@pytest.mark.parametrize("sender", [GOOGLE, YANDEX, TWO_GIS])
def test_other_mails_of_the_services_are_ignored(sender):
    assert ReviewsParser().parse(mail(sender, "Статистика", "Показов: 5")) == Ignored("service_mail")


def test_a_look_alike_domain_is_not_the_service():
    received = mail("2GIS <noreply@account.2gis.com.evil.example>", "Ваш клиент ждёт ответа на отзыв", "x")
    assert not any(route.holds(received) for route in ReviewsParser.routes)
