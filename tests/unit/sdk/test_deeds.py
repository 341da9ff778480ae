import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.sdk import actors_in, deed_in, noise_in


@pytest.mark.parametrize(
    ("headline", "kind", "language", "names"),
    [
        ("Анна Петрова прокомментировала Вашу запись", "comment", "ru", ["Анна Петрова"]),
        ("Анна Петрова ответила на Ваш комментарий", "comment", "ru", ["Анна Петрова"]),
        ("Анна Петрова оценила ваш комментарий", "like", "ru", ["Анна Петрова"]),
        ("Ваш комментарий понравился Анне Петровой", "like", "ru", ["Анне Петровой"]),
        ("Марта поставила «Класс!» вашему фото", "like", "ru", ["Марта"]),
        ("Анна Петрова упомянула Вас в комментарии", "mention", "ru", ["Анна Петрова"]),
        ("Анна Петрова отметила Вас на фотографии", "mention", "ru", ["Анна Петрова"]),
        ("Анна Петрова поделилась Вашей записью", "repost", "ru", ["Анна Петрова"]),
        ("Анна Петрова поделилась опросом в группе Торты", "post", "ru", ["Анна Петрова"]),
        ("Анна Петрова подписалась на Ваше сообщество", "follow", "ru", ["Анна Петрова"]),
        ("Иван Петров подал(а) заявку на вступление", "follow", "ru", ["Иван Петров"]),
        ("Анна Петрова оставила отзыв о товаре", "review", "ru", ["Анна Петрова"]),
        ("Марфа отправила Вам личное сообщение", "message", "ru", ["Марфа"]),
        ("Вам написал Иван Петров", "message", "ru", ["Иван Петров"]),
        ("Анна Петрова оформила заказ №5", "order", "ru", ["Анна Петрова"]),
        ("📷 Кирилл Дубов добавил новое фото", "post", "ru", ["Кирилл Дубов"]),
        ("Посмотрите комментарий Artem Gusev в группе Торты", "comment", "ru", ["Artem Gusev"]),
        ("Антон Лис , Клара Ус и ещё 3 сделали публикации в группе", "post", "ru", ["Антон Лис", "Клара Ус"]),
        ('Anna Smith likes your post: "Who commented on it?"', "like", "en", ["Anna Smith"]),
        ("Anna Smith, Bob Lee and 3 others liked your post", "like", "en", ["Anna Smith", "Bob Lee"]),
        ("Anna Smith also commented on Bob's post", "comment", "en", ["Anna Smith"]),
        ("Anna Smith mentioned you in a comment", "mention", "en", ["Anna Smith"]),
        ("Anna Smith shared your post", "repost", "en", ["Anna Smith"]),
        ("Anna Smith shared a link", "post", "en", ["Anna Smith"]),
        ("Anna Smith recommends Cake House", "review", "en", ["Anna Smith"]),
        ("Anna Smith wants to be friends on Facebook.", "follow", "en", ["Anna Smith"]),
        ("See Anna Smith's comment on your post", "comment", "en", ["Anna Smith"]),
        ("Anna Smith left a 5-star review", "review", "en", ["Anna Smith"]),
        ("Anna Smith doesn't recommend Cake House", "review", "en", ["Anna Smith"]),
        ("Anna Smith added a new photo of you", "mention", "en", ["Anna Smith"]),
        ("Larch Bakery: Anna Smith commented on your post", "comment", "en", ["Anna Smith"]),
        ("Иван Иванов сделал репост Вашей записи", "repost", "ru", ["Иван Иванов"]),
        ("Иван Иванов оставил запись на Вашей стене", "post", "ru", ["Иван Иванов"]),
        ("Оставлен новый комментарий", "comment", "ru", []),
        ("Nino Ferri ha condiviso un link", "post", "it", ["Nino Ferri"]),
        ("A Nino Ferri piace il tuo post", "like", "it", ["Nino Ferri"]),
        ("Marie Dupont a commenté votre publication", "comment", "fr", ["Marie Dupont"]),
        ("Max Müller hat deinen Beitrag geteilt", "repost", "de", ["Max Müller"]),
    ],
)
def test_a_headline_says_who_did_what(headline, kind, language, names):
    deed = deed_in(headline)
    assert (deed.kind, deed.language, actors_in(headline)) == (kind, language, names)


@pytest.mark.parametrize(
    "headline", ["У вас 8 новых рекомендаций Страниц", "Торты на заказ", "", "Иван Лайков", "Emma Commentson"]
)
def test_names_and_advice_are_no_deeds(headline):
    assert deed_in(headline) is None


@pytest.mark.parametrize(
    "headline",
    [
        "Новый комментарий к записи",
        "You have 3 new messages",
        "Матвей, у вас 3 новых сообщения",
        "5 people liked your post",
        "invited you to test1",
    ],
)
def test_nobody_is_named_where_nobody_stands(headline):
    assert actors_in(headline) == []


def test_a_name_that_sounds_like_a_verb_is_no_verb():
    assert deed_in("Иван Лайков прокомментировал вашу запись").kind == "comment"
    assert actors_in("Иван Лайков прокомментировал вашу запись") == ["Иван Лайков"]
    assert deed_in("Like Posted commented on your post", "Like Posted").kind == "comment"


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        ("У вас 8 новых рекомендаций Страниц, в том числе Пекарня", "recommendation"),
        ("Возможно, Вы знакомы", "recommendation"),
        ("New Post in Blog", "newsletter"),
        ("Пока вас не было", "digest"),
        ("You have 3 new friend requests", "digest"),
        ("Your Page has 3 new likes this week", "statistics"),
        ("Код для авторизации ВКонтакте", "login_code"),
        ("000000 is your Instagram code", "login_code"),
        ("Facebook: Security alert", "security"),
        ("Today is Anna Smith's birthday", "birthday"),
        ("Odnoklassniki.ru: Ваше приложение зарегистрировано", "registration"),
    ],
)
def test_a_network_speaks_of_itself(subject, reason):
    assert noise_in(subject) == reason


@pytest.mark.parametrize(
    "subject",
    [
        "Анна Петрова прокомментировала вашу запись «Пароль и код подтверждения»",
        "Анна: забыла пароль от сайта",
        "Новый комментарий к записи",
        "У вас новый отзыв",
        "У вас 1 новое сообщение",
        "New lead",
        "Анна Петрова отправила вам сообщение: код доступа",
        "",
    ],
)
def test_what_may_be_an_interest_is_never_noise(subject):
    assert noise_in(subject) is None


@given(st.text(max_size=120))
def test_any_headline_is_survived(text):
    deed_in(text)
    noise_in(text)
    assert all(2 <= len(name) <= 80 for name in actors_in(text))


@pytest.mark.parametrize("verb", ["отправил(-а)", "отправил(а)", "отправил/а", "отправила", "отправил"])
def test_both_genders_of_a_verb_are_no_part_of_a_name(verb):
    assert actors_in(f"clara_bakes {verb} вам сообщение") == ["clara_bakes"]


@pytest.mark.parametrize(
    ("headline", "name"),
    [
        ("New review from Anna 🌸 Smith", "Anna 🌸 Smith"),
        ("Anna 🌸 commented on your post", "Anna 🌸"),
        ("New comment by Anna “Ann” Smith", "Anna “Ann” Smith"),
        ('New review from Anna "Great"', "Anna"),
        ("***SPAM*** Anna Smith commented on your post", "Anna Smith"),
    ],
)
def test_pictures_and_nicknames_belong_to_a_name(headline, name):
    assert actors_in(headline) == [name]


@pytest.mark.parametrize(
    ("headline", "names"),
    [
        ("Smith, Anna commented on your post", ["Smith, Anna"]),
        ("Dr. Anna Smith, PhD liked your post", ["Dr. Anna Smith, PhD"]),
        ("Смирнова, Анна оценила вашу запись", ["Смирнова, Анна"]),
        ("Anna and Peter Smith commented on your post", ["Anna and Peter Smith"]),
        ("Smith and Sons Ltd shared your post", ["Smith and Sons Ltd"]),
        ("Анна и Пётр оценили вашу запись", ["Анна и Пётр"]),
        ("Анна И Пётр оценил вашу запись", ["Анна И Пётр"]),
        ("Магазин «Дуб и ясень» прокомментировал вашу запись", ["Магазин «Дуб и ясень»"]),
        ("Bread, Butter and Jam поделился вашей записью", ["Bread, Butter and Jam"]),
    ],
)
def test_a_comma_or_an_and_inside_a_name_divides_nothing(headline, names):
    assert actors_in(headline) == names


@pytest.mark.parametrize(
    ("headline", "names"),
    [
        ("Анна Смирнова и Пётр Дубов оценили вашу запись", ["Анна Смирнова", "Пётр Дубов"]),
        ("Anna Smith and Bob Lee liked your post", ["Anna Smith", "Bob Lee"]),
        ("Anna Smith, Bob Lee liked your post", ["Anna Smith", "Bob Lee"]),
        ("Анна, Пётр оценили вашу запись", ["Анна", "Пётр"]),
        ("Анне Смирновой и Петру Дубову понравилась ваша запись", ["Анне Смирновой", "Петру Дубову"]),
        ("Анна Смирнова и Пётр Дубов: ответ на ваш комментарий", ["Анна Смирнова", "Пётр Дубов"]),
        ("Anna, Bob and 3 others liked your post", ["Anna", "Bob"]),
        ("clara.w and peter_o liked your post", ["clara.w", "peter_o"]),
    ],
)
def test_several_people_are_several(headline, names):
    assert actors_in(headline) == names


@pytest.mark.parametrize(
    ("headline", "kind", "names"),
    [
        ("Нравится Жизнь прокомментировала вашу запись", "comment", ["Нравится Жизнь"]),
        ("Подписался Иванов также оценил вашу запись", "like", ["Подписался Иванов"]),
        ("Commented Smith just liked your post", "like", ["Commented Smith"]),
        ("Posted & Co commented on your post", "comment", ["Posted & Co"]),
        ("Нравится Анне Смирновой", "like", ["Анне Смирновой"]),
        ("Отзыв Иван Петров: оставил 5 звёзд", "review", ["Иван Петров"]),
    ],
)
def test_a_name_that_begins_with_a_verb_is_told_by_the_verb_behind_it(headline, kind, names):
    assert (deed_in(headline).kind, actors_in(headline)) == (kind, names)


@pytest.mark.parametrize(
    ("headline", "names"),
    [
        ("New York Bakery commented on your post", ["New York Bakery"]),
        ("Новая Жизнь оценила вашу запись", ["Новая Жизнь"]),
        ("The Bread House replied to your comment", ["The Bread House"]),
        ("New Facebook message from Anna Smith", ["Anna Smith"]),
        ("The page got a new comment", []),
        ("Посмотреть сообщение", []),
    ],
)
def test_a_name_may_begin_like_a_thing_that_is_new(headline, names):
    assert actors_in(headline) == names
