"""Mails as networks, forms and sites send them: 5 to 30 kB, several charsets and encodings, each always the same."""

import base64
import quopri
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.utils import format_datetime
from html import escape

RECEIVER = "mx.example.net"
_BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_NAMES = ("Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Захар", "Инна", "Кирилл")
_SURNAMES = ("Ольховик", "Белых", "Кравец", "Седых", "Мороз", "Гончар", "Долгих", "Лисица", "Ткач", "Чайка")
_LATIN = ("Anna Petit", "Boris Larsen", "Clara Novak", "Denis Rossi", "Elena Tamm", "Farid Berg", "Greta Silva")
_SENTENCES = (
    "Подскажите, пожалуйста, сколько стоит доставка и есть ли в наличии дубовый стол на шесть человек."
    " Хотелось бы забрать его в субботу, если это возможно, и сразу заказать к нему стулья того же цвета."
    " Можно ли заплатить картой при получении? Мы живём на пятом этаже без лифта."
)
_STYLE = "font-family:Arial,Helvetica,sans-serif;font-size:{}px;line-height:{}px;color:#{};padding:{}px {}px {}px {}px"


def mail(number: int) -> bytes:
    """Return mail `number`: a VK comment, a lead of VK Ads, a Facebook comment, a Tilda form, a Contact Form 7 mail or
    a WordPress moderation mail, in turn."""
    chance = random.Random(number)
    return _KINDS[number % len(_KINDS)](number, chance)


def mails(count: int, start: int = 0) -> Iterator[bytes]:
    """Yield so many mails, each made when it is asked for."""
    return map(mail, range(start, start + count))


def _vk_comment(number: int, chance: random.Random) -> bytes:
    who, text = _name(chance), _text(chance, 12, 60)
    profile = f"https://vk.com/id{20_000_000 + number}?hash={_token(chance, 18)}"
    wall = f"https://vk.com/wall-5500_{number % 90 + 1}?reply={number}"
    rows = (
        '<a href="https://vk.com"><img src="https://vk.com/images/email/logo.png" width="32"></a>',
        f'<a href="{profile}"><img src="https://sun9-{number % 60}.userapi.com/{_token(chance, 40)}.jpg" width="50"></a>',
        f'<b><a href="{profile}">{who}</a></b> прокомментировала Вашу <a href="{wall}&amp;from_email=1">запись</a>:'
        f"<br><br><div>{escape(text)}</div>",
        f'<a href="{wall}&amp;mhash={_token(chance, 32)}">Посмотреть комментарий</a>',
        'Вы можете изменить <a href="https://vk.com/settings?act=notify&amp;f=email_block&amp;'
        f'uhash={_token(chance, 24)}&amp;utype=wall_comment&amp;mhash={_token(chance, 16)}">настройки оповещений</a>.',
    )
    head = _sent_by(
        "notify.vk.com", number, chance, "ВКонтакте", "admin@notify.vk.com", f"{who} прокомментировала Вашу запись"
    )
    return head + _body(_page(rows, 34), "html", *chance.choice(_WIRE))


def _vk_lead(number: int, chance: random.Random) -> bytes:
    body = (
        f"Название лид-формы: Каталог {number % 5}\nДата отправки: {_moment(number):%d.%m.%Y %H:%M}\n"
        f"Имя: {_name(chance)}\nТелефон: +7912{number:07d}\nEmail: author{number}@people.example\n"
        f"Вопрос: Что вас интересует?\nОтвет: {_text(chance, 60, 400)}\n"
    )
    head = _sent_by(
        "vk.company", number, chance, "VK Реклама", "ads.notifications@vk.company", f"New lead from form: {number % 5}"
    )
    return head + _body(body, "plain", "utf-8", "base64")


def _facebook_comment(number: int, chance: random.Random) -> bytes:
    who, text = chance.choice(_LATIN), _text(chance, 15, 80)
    tail = (
        f"&amp;aref={1_700_000_000_000_000 + number}&amp;medium=email&amp;mid={_token(chance, 20)}&amp;bcode=2.17102.Ab"
        f"{_token(chance, 30)}&amp;n_m=shop%40example.com"
    )
    post = f"https://www.facebook.com/nd/?permalink.php&amp;story_fbid={880_000 + number % 70}&amp;id=990022&amp;comment_id={number}{tail}"
    person = f"https://www.facebook.com/nd/?{who.replace(' ', '.').lower()}.{number}{tail}"
    rows = (
        f'<a href="{post}"><img src="https://static.xx.fbcdn.net/rsrc.php/logo.png" width="32"></a><a href="{post}">Facebook</a>',
        f'<span class="mb_text"><a href="{person}&amp;lloc=image">{who}</a> commented on your <a href="{post}">post</a>.</span>',
        f'<a href="{person}&amp;lloc=image"><img src="https://scontent.xx.fbcdn.net/v/t1.0-1/{_token(chance, 60)}.jpg" width="50"></a>',
        f'<a href="{person}">{who}</a><br>March 2 at 10:15 AM<br><span class="mb_text">{escape(text)}</span>',
        f'<a href="{post}&amp;lloc=email_ufi_like">Like</a><a href="{post}&amp;lloc=email_ufi_comment">Comment</a>',
        f'<a href="{post}">View on Facebook</a>',
        "This message was sent to shop@example.com. Meta Platforms, Inc., Attention: Community Support, Menlo Park, CA 94025",
    )
    plain = f'Hi Workshop,\n\n{who} commented on your post.\n\n"{text}"\n\nThanks,\nThe Facebook Team\n'
    head = _sent_by(
        "facebookmail.com", number, chance, "Facebook", "notification@facebookmail.com", f"{who} commented on your post"
    )
    signs = b"X-Facebook-Notify: feed_comment; mailid=61aa\r\nX-Mailer: ZuckMail [version 1.00]\r\n"
    return head + signs + _alternative(plain, _page(rows, 44), number)


def _tilda_form(number: int, chance: random.Random) -> bytes:
    pairs = (
        ("Name", _name(chance)), ("Phone", f"+7 (912) {number % 1000:03d}-{number // 1000 % 100:02d}-11"),
        ("Email", f"author{number}@people.example"), ("Comment", _text(chance, 12, 90)), ("City", "Казань"),
    )  # fmt: skip
    rows = (
        "<b>Request details:</b>",
        *(f"<b>{label}:</b> {escape(value)}" for label, value in pairs),
        f"Additional information:<br>Transaction ID: 7770001:{888_000_000 + number}<br>Block ID: rec{number}<br>Form Name: Заявка<br>"
        "https://mebel.example/stoly?utm_source=vk&amp;utm_medium=cpc",
    )
    head = _sent_by("tilda.ws", number, chance, "Tilda", "noreply@tilda.ws", "Новая заявка с сайта mebel.example")
    return head + _body(_page(rows, 20), "html", *chance.choice(_WIRE))


def _contact_form(number: int, chance: random.Random) -> bytes:
    email = f"author{number}@people.example"
    body = (
        f"От: {_name(chance)} <{email}>\nТема: Вопрос {number}\n\nСообщение:\n{_text(chance, 100, 500)}\n\n-- \n"
        "Это сообщение отправлено с контактной формы на сайте Мастерская (https://workshop.example)\n"
    )
    head = _sent_by(
        "workshop.example", number, chance, "Мастерская", "wordpress@workshop.example", f"Мастерская «Вопрос {number}»"
    )
    return (
        head
        + f"Reply-To: {email}\r\nX-WPCF7-Content-Type: text/plain\r\n".encode()
        + _body(body, "plain", *chance.choice(_WIRE))
    )


def _moderation(number: int, chance: random.Random) -> bytes:
    link = "https://workshop.example/wp-admin/comment.php?action="
    body = (
        f"Новый комментарий к записи «Наш дубовый стол» ожидает проверки\nhttps://workshop.example/?p={number % 7 + 1}\n\n"
        f"Автор: {_name(chance)} (IP-адрес: 198.51.100.4, 198.51.100.4)\nEmail: author{number}@people.example\nURL: \n"
        f"Комментарий: \n{_text(chance, 80, 500)}\n\n"
        f"Одобрить: {link}approve&c={number}#wpbody-content\nУдалить: {link}trash&c={number}#wpbody-content\n"
        f"Пометить как спам: {link}spam&c={number}#wpbody-content\n"
    )
    head = _sent_by(
        "workshop.example",
        number,
        chance,
        "WordPress",
        "wordpress@workshop.example",
        "[Мастерская] Прошу проверить: «Стол»",
    )
    return head + b"X-Mailer: PHPMailer 6.9.1\r\n" + _body(body, "plain", *chance.choice(_WIRE))


_KINDS: tuple[Callable[[int, random.Random], bytes], ...] = (
    _vk_comment, _vk_lead, _facebook_comment, _tilda_form, _contact_form, _moderation,
)  # fmt: skip
_WIRE = (("utf-8", "base64"), ("utf-8", "quoted-printable"), ("windows-1251", "base64"), ("koi8-r", "quoted-printable"))


def _sent_by(domain: str, number: int, chance: random.Random, name: str, address: str, subject: str) -> bytes:
    moment = format_datetime(_moment(number))
    stamp = base64.encodebytes(chance.randbytes(256)).decode().replace("\n", "\r\n\t")
    hops = [
        f"Received: from out{hop}.{domain} (out{hop}.{domain} [192.0.2.{hop + 1}])\r\n\tby {by} (Postfix) with ESMTPS id"
        f" {_token(chance, 11)}\r\n\tfor <shop@example.com>; {moment}\r\n"
        for hop, by in enumerate((RECEIVER, f"relay.{domain}", f"front.{domain}"))
    ]
    return "".join((
        f"Return-Path: <bounce-{_token(chance, 12)}@{domain}>\r\n",
        f"Authentication-Results: {RECEIVER};\r\n\tdkim=pass header.d={domain} header.i=@{domain} header.b={_token(chance, 8)};\r\n"
        f"\tspf=pass smtp.mailfrom={domain};\r\n\tdmarc=pass header.from={domain}\r\n",
        *hops,
        f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=mail;\r\n\th=from:subject:date:message-id:to:"
        f"mime-version:content-type;\r\n\tbh={_token(chance, 43)}=;\r\n\tb={stamp}\r\n",
        *_sealed(domain, chance, stamp),
        f"From: {_encoded(name)} <{address}>\r\nTo: shop@example.com\r\nSubject: {_encoded(subject)}\r\n",
        f"Date: {moment}\r\nMessage-ID: <{number}.{_token(chance, 16)}@{domain}>\r\nMIME-Version: 1.0\r\n",
        f"List-Unsubscribe: <https://{domain}/unsubscribe?u={_token(chance, 60)}>\r\nFeedback-ID: {number % 9}:notify:{domain}\r\n",
    )).encode()  # fmt: skip


def _sealed(domain: str, chance: random.Random, stamp: str) -> Iterator[str]:
    """What a forwarder adds (RFC 8617), and what filters leave behind."""
    yield f"ARC-Seal: i=1; a=rsa-sha256; t=1772442000; cv=none; d=forward.example; s=arc;\r\n\tb={stamp}\r\n"
    yield f"ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=forward.example; s=arc;\r\n\tb={stamp}\r\n"
    yield f"ARC-Authentication-Results: i=1; forward.example;\r\n\tdkim=pass header.d={domain};\r\n\tdmarc=pass\r\n"
    yield from (f"X-Filter-{name}: {_token(chance, 180)}\r\n" for name in ("Id", "Score", "Report", "Route", "Bulk"))


def _body(text: str, kind: str, charset: str, encoding: str) -> bytes:
    data = text.replace("\n", "\r\n").encode(charset, "xmlcharrefreplace" if kind == "html" else "replace")
    head = f"Content-Type: text/{kind}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    if encoding == "base64":
        return head + base64.encodebytes(data).replace(b"\n", b"\r\n")
    return head + quopri.encodestring(data.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")


def _alternative(plain: str, page: str, number: int) -> bytes:
    mark = f"b1_{number:032x}"
    parts = (_body(plain, "plain", "utf-8", "base64"), _body(page, "html", "utf-8", "quoted-printable"))
    begin = f'Content-Type: multipart/alternative; boundary="{mark}"\r\n\r\n'.encode()
    return begin + b"".join(b"--%b\r\n%b\r\n" % (mark.encode(), part) for part in parts) + f"--{mark}--\r\n".encode()


def _page(rows: tuple[str, ...], depth: int) -> str:
    """Lay out as mails are: tables in tables, each cell with a style of its own, spacers between.

    The styles belong to the template: they are the same in all mails of a kind.
    """
    chance = random.Random(depth)
    lines = [f'<tr><td style="{_css(chance)}">{row}</td></tr>' for row in rows]
    spacers = [
        f'<tr><td height="{n}" style="{_css(chance)}"><img src="https://static.example/s.gif" width="1" height="{n}" alt=""></td></tr>'
        for n in range(depth)
    ]
    inner = "\n".join(line for pair in zip(lines, spacers, strict=False) for line in pair)
    inner += "\n".join(lines[len(spacers) :] + spacers[len(lines) :])
    rules = "\n".join(f".c{n} {{ {_css(chance)} }}" for n in range(depth))
    return (
        f'<!DOCTYPE html><html><head><meta http-equiv="Content-Type" content="text/html"><style>{rules}</style></head>'
        f'<body style="margin:0"><table width="100%"><tr><td><table width="600" cellpadding="0">{inner}</table></td></tr></table></body></html>'
    )


def _css(chance: random.Random) -> str:
    return _STYLE.format(
        *(chance.randrange(10, 30) for _ in range(2)),
        f"{chance.randrange(16**6):06x}",
        *(chance.randrange(20) for _ in range(4)),
    )


def _encoded(text: str) -> str:
    return text if text.isascii() else Header(text, "utf-8", maxlinelen=900).encode()


def _name(chance: random.Random) -> str:
    return f"{chance.choice(_NAMES)} {chance.choice(_SURNAMES)}"


def _text(chance: random.Random, least: int, most: int) -> str:
    return " ".join(chance.choices(_SENTENCES.split(), k=chance.randrange(least, most)))


def _token(chance: random.Random, length: int) -> str:
    return "".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=length))


def _moment(number: int) -> datetime:
    return _BEGIN + timedelta(seconds=number)
