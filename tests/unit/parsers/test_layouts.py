"""Nobody knows tomorrow's template: the same event in many layouts reads the same in every network."""

from email.message import EmailMessage

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.registry import parser_types

WORDS = ("Сколько стоит доставка?", "И работаете ли вы в субботу?")
TEXT = "\n".join(WORDS)
NETWORKS = {
    "vk": (
        "admin@notify.vk.com",
        "https://vk.com/id771?hash=a1",
        "https://vk.com/wall-55_70?reply=71&mhash=2",
        "https://vk.com/settings?act=notify&uhash=1",
    ),
    "ok": (
        "noreply@ok.ru",
        "https://ok.ru/profile/771?landref=m.X.actor",
        "https://ok.ru/group/55/topic/70?landref=m.X.object",
        "https://ok.ru/settings/notifications?landref=m.X.unsubscribe",
    ),
    "facebook": (
        "notification@facebookmail.com",
        "https://www.facebook.com/nd/?profile.php&id=771&bcode=2.1.T&lloc=profile_link",
        "https://www.facebook.com/nd/?permalink.php&story_fbid=70&id=55&comment_id=71&bcode=2.1.T&lloc=new_view",
        "https://www.facebook.com/o.php?k=AS&u=1",
    ),
    "instagram": (
        "no-reply@mail.instagram.com",
        "https://www.instagram.com/anna.petrova/?utm_source=e",
        "https://www.instagram.com/p/Cx70/?utm_source=e",
        "https://instagram.com/emails/unsubscribe/?token=1",
    ),
    "twitter": (
        "notify@x.com",
        "https://x.com/anna_petrova?cn=1",
        "https://x.com/anna_petrova/status/7071?s=20",
        "https://x.com/settings/notifications",
    ),
    "linkedin": (
        "notifications-noreply@linkedin.com",
        "https://www.linkedin.com/comm/in/anna-petrova?trk=1",
        "https://www.linkedin.com/comm/feed/update/urn:li:activity:70?trk=1",
        "https://www.linkedin.com/comm/psettings/email?lipi=1",
    ),
    "youtube": (
        "noreply@youtube.com",
        "https://www.youtube.com/channel/UC771?feature=em",
        "https://www.youtube.com/watch?v=abcdef70&lc=Ug71&feature=em",
        "https://www.youtube.com/email_unsubscribe?uid=1",
    ),
}
"""Sender, a person, a comment, what is only for the recipient."""
VERBS = {
    "ru": ("Анна Петрова", "прокомментировала вашу публикацию", "Ответить", "Отписаться", "сегодня в 10:05"),
    "en": ("Anna Petrova", "commented on your post", "Reply", "Unsubscribe", "May 12 at 10:05 AM"),
}


def row(*cells):
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def sentence(name, verb, when, words):
    return row(f"<p>{name} {verb}:</p>"), row(words)


def sentence_and_date(name, verb, when, words):
    return row(f"<b>{name}</b> {verb}"), row(when), row(words)


def date_below(name, verb, when, words):
    return row(f"{name} {verb}"), row(words), row(f"<small>{when}</small>")


def name_and_verb_in_cells(name, verb, when, words):
    return row(name, verb), row(words)


def author_block(name, verb, when, words):
    return (
        row(f"{name} {verb}"),
        f"<tr><td><table><tr><td>{name}</td></tr><tr><td>{when}</td></tr></table></td></tr>",
        row(words),
    )


def block_before_verb(name, verb, when, words):
    return row(f"<div>{name}</div><div>{when}</div>"), row(verb), row(words)


def quoted(name, verb, when, words):
    return row(f"{name} {verb}"), row(f"<blockquote>«{words}»</blockquote>")


def greeting(name, verb, when, words):
    return row("Здравствуйте, Ольга!" if "вашу" in verb else "Hi Olga,"), row(f"{name} {verb}"), row(words)


def title_above(name, verb, when, words):
    title = "Новый комментарий" if "вашу" in verb else "New comment"
    return row(f"<h2>{title}</h2>"), row(f"{name} {verb}"), row(words)


def own_post_above(name, verb, when, words):
    own = "Ваша публикация: «Новая печь»" if "вашу" in verb else "Your post: “A new oven”"
    return row(f"{name} {verb}"), row(f"<div>{own}</div>"), row(words)


def own_post_below(name, verb, when, words):
    own = "Ваша публикация: «Новая печь»" if "вашу" in verb else "Your post: “A new oven”"
    return row(f"{name} {verb}"), row(words), row(f"<div>{own}</div>")


def paragraphs(name, verb, when, words):
    return (f"<tr><td><p>{name} {verb}</p><div><p>{'</p><p>'.join(words.split('<br>'))}</p></div></td></tr>",)


LAYOUTS = [
    sentence, sentence_and_date, date_below, name_and_verb_in_cells, author_block, block_before_verb, quoted, greeting,
    title_above, own_post_above, own_post_below, paragraphs,
]  # fmt: skip


def mail(network, language, layout, subject=""):
    sender, person, place, own = (part.replace("&", "&amp;") for part in NETWORKS[network])
    name, verb, button, unsubscribe, when = VERBS[language]
    rows = layout(f'<a href="{person}">{name}</a>', verb, when, "<br>".join(WORDS))
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "shop@lavka.example", subject or f"{name} {verb}"
    message["Date"] = "Tue, 12 May 2026 11:20:30 +0300"
    footer = row(f'<a href="{place}">{button}</a>') + row(f'<a href="{own}">{unsubscribe}</a>')
    message.set_content(f"<html><body><table>{''.join(rows)}{footer}</table></body></html>", subtype="html")
    return decode(message.as_bytes())


@pytest.mark.parametrize("subject", ["", "Новое уведомление"])
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
@pytest.mark.parametrize("language", VERBS)
@pytest.mark.parametrize("network", NETWORKS)
def test_a_comment_in_any_layout(network, language, layout, subject):
    (found,) = parser_types()[network]().parse(mail(network, language, layout, subject))
    assert (found.kind, found.author.name) == ("comment", VERBS[language][0])
    assert found.text.replace("\n\n", "\n") == TEXT
    assert "771" in found.author.url or "petrova" in found.author.url
    assert "70" in found.source.url
    assert found.reply.target == found.source.url
    shown = f"{found.source.url} {found.author.url} {found.reply.target}"
    assert not [token for token in ("hash", "bcode", "landref", "utm_", "trk=", "feature", "cn=") if token in shown]
    if VERBS[language][4] in str(mail(network, language, layout).html.text):
        assert f"{found.occurred_at:%d.%m %H:%M}" == "12.05 10:05"


DEEDS = {
    "like": ("оценила вашу публикацию", "liked your post"),
    "repost": ("поделилась вашей публикацией", "shared your post"),
    "mention": ("упомянула вас в комментарии", "mentioned you in a comment"),
    "comment": ("ответила на ваш комментарий", "replied to your comment"),
    "message": ("отправила вам сообщение", "sent you a message"),
    "review": ("оставила отзыв", "left a review"),
    "follow": ("подписалась на вас", "started following you"),
}
SILENT = {"like", "follow"}


@pytest.mark.parametrize("kind", DEEDS)
@pytest.mark.parametrize("language", VERBS)
@pytest.mark.parametrize("network", NETWORKS)
def test_every_kind_as_plain_text(network, language, kind):
    sender, person, place, own = NETWORKS[network]
    name, _, button, unsubscribe, _ = VERBS[language]
    verb = DEEDS[kind][0 if language == "ru" else 1]
    said = "" if kind in SILENT else f"\n\n{TEXT}"
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "shop@lavka.example", f"{name} {verb}"
    message["Date"] = "Tue, 12 May 2026 11:20:30 +0300"
    message.set_content(f"{name} ({person}) {verb}:{said}\n\n{button}: {place}\n\n{unsubscribe}: {own}\n")
    (found,) = parser_types()[network]().parse(decode(message.as_bytes()))
    assert (found.kind, found.author.name, found.text) == (kind, name, None if kind in SILENT else TEXT)
    assert "771" in found.author.url or "petrova" in found.author.url
    assert "70" in (found.source.url or "70")


@pytest.mark.parametrize("language", VERBS)
@pytest.mark.parametrize("network", [name for name in NETWORKS if name != "twitter"])
def test_a_digest_is_divided(network, language):
    sender, person, place, own = (part.replace("&", "&amp;") for part in NETWORKS[network])
    name, _, button, unsubscribe, _ = VERBS[language]
    other = person.replace("771", "772").replace("petrova", "volkova")
    names = (name, "Зоя Волкова" if language == "ru" else "Zoe Volkova")
    verbs = [DEEDS[kind][0 if language == "ru" else 1] for kind in ("comment", "like")]
    rows = (
        row(f'<a href="{person}">{names[0]}</a> {verbs[0]}')
        + row(WORDS[0])
        + row(f'<a href="{place}">{button}</a>')
        + row(f'<a href="{other}">{names[1]}</a> {verbs[1]}')
        + row(f'<a href="{own}">{unsubscribe}</a>')
    )
    message = EmailMessage()
    message["From"], message["To"] = sender, "shop@lavka.example"
    message["Subject"] = "У вас 2 новых уведомления" if language == "ru" else "You have 2 new notifications"
    message["Date"] = "Tue, 12 May 2026 11:20:30 +0300"
    message.set_content(f"<table>{rows}</table>", subtype="html")
    found = parser_types()[network]().parse(decode(message.as_bytes()))
    assert [(one.kind, one.author.name, one.text) for one in found] == [
        ("comment", names[0], WORDS[0]),
        ("like", names[1], None),
    ]
    assert len({one.id for one in found}) == 2
