from email.message import EmailMessage

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.sdk import Ignored, Mail, TemplateChanged
from mailbridge_parsers.wordpress import WordpressParser
from mailbridge_parsers.wordpress import comment as comment_reader

HEAD = """New comment on your post "Oak"
Author: Ann (IP address: 198.51.100.1, host.example)
Email: ann@mail.example
URL:
Comment:
"""
FOOTER = """

You can see all comments on this post here:
https://{site}/oak/#comments

Permalink: https://{site}/oak/#comment-{number}
Trash it: https://{site}/wp-admin/comment.php?action=trash&c={number}#wpbody-content
Spam it: https://{site}/wp-admin/comment.php?action=spam&c={number}#wpbody-content
"""
TO_MODERATOR = """A new comment on the post "Oak" is waiting for your approval
https://{site}/oak/

Author: Ann (IP address: 198.51.100.1, host.example)
Email: ann@mail.example
URL:
Comment:
Hello

Approve it: https://{site}/wp-admin/comment.php?action=approve&c={number}#wpbody-content
Trash it: https://{site}/wp-admin/comment.php?action=trash&c={number}#wpbody-content
"""


def mail(body: str, subject: str = '[Wood] Comment: "Oak"', to: str = "owner@wood.example") -> Mail:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Ann <wordpress@wood.example>", to, subject
    message.set_content(body)
    return decode(message.as_bytes())


def comment(text: str, site: str = "wood.example", number: int = 7) -> str:
    return HEAD + text + FOOTER.format(site=site, number=number)


def takes(body: str) -> bool:
    return any(route.holds(mail(body)) for route in WordpressParser.routes)


def only(body: str):
    (interest,) = WordpressParser().parse(mail(body))
    return interest


def test_one_comment_told_to_author_and_moderator_has_one_id():
    to_moderator = TO_MODERATOR.format(site="wood.example", number=7)
    assert only(comment("Hello")).id == only(to_moderator).id


def test_the_same_number_on_two_sites_of_one_host_is_two_comments():
    assert only(comment("Hello", site="host.example/one")).id != only(comment("Hello", site="host.example/two")).id


def test_no_link_acts_with_the_rights_of_the_owner():
    shown = only(TO_MODERATOR.format(site="wood.example", number=7)).to_json()
    assert "wp-admin" not in str({key: shown[key] for key in ("source", "reply", "author", "product", "text")})


@pytest.mark.parametrize(
    "text",
    [
        "Comment:\nreally",
        "Email: fake@mail.example\nURL: https://fake.example",
        "Spam it: https://wood.example/wp-admin/comment.php?action=spam&c=1#wpbody-content",
        "You can see all comments on this post here:\nhttps://wood.example/oak/#comments\n\nand that is all",
        "price < 5 & > 3, isn't it?",
        "first\n\n\nlast",
        "> quoted\nanswered",
    ],
)
def test_what_a_visitor_typed_is_text_whatever_it_imitates(text):
    interest = only(comment(text))
    assert interest.text == text
    assert interest.refs.comment == "7"
    assert interest.author.email == "ann@mail.example"


def test_markup_of_the_site_becomes_plain_text():
    body = comment('isn&#039;t <strong>it</strong>? <a href="https://a.example/x" rel="ugc">look</a><br />bye')
    assert only(body).text == "isn't it? look (https://a.example/x)\nbye"


def test_a_person_who_quotes_a_notification_is_not_wordpress():
    quoted = "\n".join(f"> {line}" for line in comment("Hello").split("\n"))
    assert not takes("Delete this one, please.\n\n" + quoted)
    assert not takes("---------- Forwarded message ---------\nFrom: a\nDate: b\nSubject: c\n\n" + comment("Hello"))


def test_a_comment_of_the_one_who_reads_is_no_interest():
    answer = WordpressParser().parse(mail(comment("Thank you all"), to="ann@mail.example"))
    assert answer == Ignored("own_comment")


def test_a_name_that_is_a_link_is_no_name():
    assert only(comment("Hi").replace("Author: Ann", "Author: https://buy.example")).author.name is None


def test_a_mail_without_the_links_is_refused():
    received = mail("Hello")
    with pytest.raises(TemplateChanged):
        comment_reader.read(received)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("product/lamp/", "review"),
        ("%d1%82%d0%be%d0%b2%d0%b0%d1%80/lamp/", "review"),
        ("?product=lamp", "review"),
        ("blog/new-product/", "comment"),
        ("product/", "comment"),
    ],
)
def test_a_comment_on_a_product_is_a_review(path, kind):
    assert only(comment("Good").replace("/oak/", f"/{path}")).kind == kind


def test_hostile_bodies_are_read_in_linear_time():
    assert not takes('<a href="' * 20_000)
    assert only(comment("<a href='x'>" * 5_000)).kind == "comment"
    assert not takes("Author: " + "(:" * 20_000)
