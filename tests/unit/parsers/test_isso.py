from email.message import EmailMessage

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.sdk import Mail, TemplateChanged
from mailbridge_parsers.isso import IssoParser

FOOTER = """

IP address: 198.51.100.0
Link to comment: https://stoves.example/bricks/#isso-17

---
Delete comment: https://comments.example/id/17/delete/AA.BB
"""


def mail(body: str) -> Mail:
    message = EmailMessage()
    message["From"], message["To"] = "Isso <isso@stoves.example>", "box@stoves.example"
    message["Subject"] = "New comment posted on Bricks"
    message.set_content(body)
    return decode(message.as_bytes())


@pytest.mark.parametrize(
    ("head", "name", "email"),
    [
        ("Ann Wood <ann@wood.example> wrote:", "Ann Wood", "ann@wood.example"),
        ("<ann@wood.example> wrote:", None, "ann@wood.example"),
        ("Ann wrote:", "Ann", None),
        ("Anonymous wrote:", None, None),
    ],
)
def test_the_author_is_as_much_as_the_visitor_told(head, name, email):
    (interest,) = IssoParser().parse(mail(f"{head}\n\nHi{FOOTER}"))
    assert (interest.author.name, interest.author.email) == (name, email)


@pytest.mark.parametrize(
    "text", ["a\n\n\nb", "IP address: mine", "Link to comment: https://x.example/#isso-1", "---\nDelete comment: no"]
)
def test_what_a_visitor_typed_is_text_whatever_it_imitates(text):
    (interest,) = IssoParser().parse(mail(f"Ann wrote:\n\n{text}{FOOTER}"))
    assert interest.text == text
    assert interest.refs.comment == "17"
    assert "delete" not in str(interest.to_json())


def test_a_mail_without_an_author_line_is_noticed():
    with pytest.raises(TemplateChanged):
        IssoParser().parse(mail(f"Something else\n\nHi{FOOTER}"))


def test_a_link_alone_is_no_notification():
    assert not any(route.holds(mail("Look: https://stoves.example/bricks/#isso-17\n")) for route in IssoParser.routes)
