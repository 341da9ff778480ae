"""Mails for fuzzing: changed fixtures, two spliced, structures nobody sends, forms of somebody who may not survive."""

import base64
import quopri
from dataclasses import dataclass
from email.header import Header
from functools import cache

from hypothesis import strategies as st

from mailbridge.testing.fixtures import cases

PIECES = [
    b"\r\n", b"\n\n", b"\n", b"\0", b"\xff\xfe", b"\xd0", b"=?utf-8?B?", b"=?koi8-r?Q?=D0?=", b"?=", b'"', b"(",
    b")", b"<",
    b">", b";", b":", b",", b"--b", b"--b--", b"--b\n\n", b"Content-Type: multipart/digest; boundary=b\n\n", b"=\n",
    b"Content-Type: message/rfc822\n\n", b"Content-Type: text/html\n\n", b"charset=utf-16", b"charset=zlib",
    b"base64",
    b"Content-Transfer-Encoding: quoted-printable\n", b"\xed\xa0\x80", b"<table><tr><td>", b"<!--", b"-->",
    b"<a href='",
    b"<script>", b"&#1114112;", b"&#x0;", b"<![CDATA[", b"\xe2\x80\xae", b"\xf0\x9f\x98\x80", b"http://[::1", b"@",
    b"+7",
    b"From: a@example.org\n", b"Authentication-Results: mx.example.net; dmarc=pass\n", b"Subject:\n",
]  # fmt: skip
NOISE = st.sampled_from(PIECES) | st.binary(max_size=8)


@cache
def fixtures() -> tuple[bytes, ...]:
    return tuple(case.raw for case in cases())


@st.composite
def changed(draw):
    """A fixture with a few places overwritten, cut out, doubled or filled."""
    raw = draw(st.sampled_from(fixtures()))
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(raw)))
        end = min(len(raw), start + draw(st.integers(0, 60)))
        middle = draw(st.one_of(NOISE, st.just(raw[start:end] * 3), st.just(raw[start:end][::-1])))
        raw = raw[:start] + middle + raw[end:]
    return raw


@st.composite
def spliced(draw):
    """The beginning of one fixture and the end of another."""
    first, second = draw(st.sampled_from(fixtures())), draw(st.sampled_from(fixtures()))
    return first[: draw(st.integers(0, len(first)))] + draw(NOISE) + second[draw(st.integers(0, len(second))) :]


HEADERS = st.sampled_from(
    ["From", "To", "Reply-To", "Subject", "Date", "Received", "Message-ID", "DKIM-Signature", "X"]
)
VALUES = st.lists(
    st.sampled_from([
        "Anna", "<a@example.org>", "a@xn--80ak6aa92e.example", ", ", ";", ":", '"', "\\", "(", ")", "=?utf-8?q?=41?=",
        "=?x?b?!!!!?=", "\n ", "\t", "Mon, 2 Mar 2026 10:00:00 +0300", "99 Foo 0", "by mx.example.net", "[::1]",
        "й", "\x00",
    ])
    | st.text(max_size=6),
    max_size=8,
).map("".join)  # fmt: skip
KINDS = st.sampled_from([
    "text/plain", "text/html; charset=windows-1251", "text/plain; format=flowed; delsp=yes", "text",
    "image/png; name*0*=''%",
    "message/rfc822", "message/delivery-status", "application/ms-tnef", "text/html; charset=utf-16",
    "multipart/mixed",
])  # fmt: skip
TRANSFERS = st.sampled_from(["7bit", "8bit", "base64", "quoted-printable", "x-uuencode", "", "base64 (x)"])
HTML = st.lists(
    st.sampled_from([
        "<p>", "</p>", "<table>", "<tr><td>", "</td>", "<a href='http://a.example'>", "</a>", "<br", "<!--", "-->",
        "text ",
        "Имя: Анна", "&nbsp;", "&#0;", "<style>", "</style>", "<b x='\"'>", "<svg>", "<math><mi>", "<template>",
        "<select>",
    ]),
    max_size=30,
).map("".join)  # fmt: skip


@st.composite
def part(draw, depth=0):
    """A part of random kind, those that hold parts included; what it says of itself need not be true."""
    if depth < 4 and draw(st.integers(0, 3)) == 0:
        inner = draw(st.lists(part(depth + 1), max_size=4))
        mark = draw(st.sampled_from([f"b{depth}", "b", "b0", "", "b;"])).encode()
        kind = draw(st.sampled_from([b"mixed", b"alternative", b"related", b"digest", b"x"]))
        body = b"".join(b"--" + mark + b"\n" + one + b"\n" for one in inner) + draw(
            st.sampled_from([b"", b"--b--", b"--"])
        )
        return b"Content-Type: multipart/" + kind + b'; boundary="' + mark + b'"\n\n' + body
    head = f"Content-Type: {draw(KINDS)}\nContent-Transfer-Encoding: {draw(TRANSFERS)}\n\n".encode()
    data = draw(
        st.one_of(HTML.map(str.encode), st.text(max_size=80).map(lambda text: text.encode("utf-8", "replace")), NOISE)
    )
    packed = draw(st.sampled_from([bytes, base64.encodebytes, quopri.encodestring]))
    return head + packed(data)


@st.composite
def structures(draw):
    """A head of random fields above a random tree of parts."""
    fields = draw(st.lists(st.tuples(HEADERS, VALUES), max_size=10))
    head = "".join(f"{name}: {value}\n" for name, value in fields).encode("utf-8", "replace")
    return b"From: a@example.org\n" + head + draw(part())


def mails():
    return st.one_of(changed(), spliced(), structures(), st.binary(max_size=400))


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of whom nothing may survive."""

    name: str
    surname: str
    phone: str
    local: str
    street: str

    @property
    def words(self):
        return self.name, self.surname, self.local, self.street


PERSONS = st.builds(
    Person,
    name=st.sampled_from(["Варвара", "Zbigniew", "Тимофей", "Quimby"]),
    surname=st.sampled_from(["Ульянцев", "Oyelaran", "Тимофеева", "Fotheringay"]),
    phone=st.sampled_from(["+7 921 555-07-70", "8 (921) 555 01 23", "+44 20 7946 0958", "+1 212-555-0147"]),
    local=st.sampled_from(["varya.tim", "quimby77", "z_oyelaran"]),
    street=st.sampled_from(["Лесопарковая", "Sycamore"]),
)
LABELS = {
    "name": ["Имя", "Name", "Ваше имя", "ФИО", "Nombre", "Your name *", "Контактное лицо"],
    "phone": ["Телефон", "Phone", "Тел.", "Telefon", "Ваш телефон", "Mobile number"],
    "email": ["E-mail", "Email", "Почта", "Ihre E-Mail", "Your email"],
    "address": ["Адрес", "Address", "Город", "Straße"],
    "message": ["Сообщение", "Message", "Комментарий", "Nachricht", "Вопрос"],
    "odd": ["Да/Нет", "UTM", "Бюджет", "<b>", "IP", "Страница", ":", "", "a" * 200, "1", "Согласие"],
}
ODD_VALUES = st.text(max_size=60) | st.sampled_from([
    "", "-", "да", "https://shop.example/?utm_source=x", "1 000 ₽", "203.0.113.7", "=cmd|' /C calc'!A0",
    "[url=x]y[/url]",
    "\u202egnp.exe", "a\tb", "a: b: c", "(((((", "@", "+", "&amp;lt;", "12:00", "<script>alert(1)</script>",
])  # fmt: skip
LAYOUTS = {
    "colon": ("{label}: {value}\n", "text/plain"),
    "below": ("{label}\n{value}\n\n", "text/plain"),
    "dash": ("{label} - {value}\n", "text/plain"),
    "arrow": ("{label} => {value}\n", "text/plain"),
    "table": ("<table><tr><td>{label}</td><td>{value}</td></tr></table>", "text/html"),
    "bold": ("<p><b>{label}:</b> {value}</p>", "text/html"),
    "breaks": ("{label}: {value}<br>", "text/html"),
    "list": ("<dl><dt>{label}</dt><dd>{value}</dd></dl>", "text/html"),
}


def _values(person):
    return {
        "name": f"{person.name} {person.surname}",
        "phone": person.phone,
        "email": f"{person.local}@kedrovka.example",
        "address": f"ул. {person.street}, дом 17, квартира 4",
        "message": f"Передайте, что {person.surname} ждёт на {person.street} завтра",
    }


@st.composite
def form_of(draw, person, *, is_odd=True):
    """The mail of a form that a person filled in, in any layout, charset and transfer encoding."""
    values = _values(person)
    keys = draw(st.permutations(sorted(values)))
    rows = [(draw(st.sampled_from(LABELS[key])), values[key]) for key in keys[: draw(st.integers(1, 5))]]
    if is_odd:
        rows += draw(st.lists(st.tuples(st.sampled_from(LABELS["odd"]), ODD_VALUES), max_size=5))
    line, kind = LAYOUTS[draw(st.sampled_from(sorted(LAYOUTS)))]
    text = "".join(line.format(label=label, value=value) for label, value in rows)
    charset = draw(st.sampled_from(["utf-8", "koi8-r", "windows-1251"]))
    transfer = draw(st.sampled_from(["8bit", "base64", "quoted-printable"]))
    data = text.encode(charset, "replace")
    packed = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring}.get(transfer, bytes)(data)
    subject = Header(
        draw(st.sampled_from(["Новая заявка с сайта", "New lead", "Заявка от " + person.surname])), "utf-8"
    )
    reply_to = Header(f"{person.name} {person.surname}", "utf-8").encode()
    head = (
        f"From: robot@shop.example\nReply-To: {reply_to} <{person.local}@kedrovka.example>\nTo: owner@shop.example\n"
        f"Subject: {subject.encode()}\nDate: Sun, 22 Nov 2026 10:00:00 +0300\nMIME-Version: 1.0\n"
        f"Content-Type: {kind}; charset={charset}\nContent-Transfer-Encoding: {transfer}\n\n"
    )
    return head.encode() + packed
