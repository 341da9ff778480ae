from email.message import EmailMessage

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.sdk import Ignored, Mail, TemplateChanged
from mailbridge_parsers.tickets import TicketsParser

HEAD = """Hello,

ID: [sales-3]
Queue: Sales
Title: Price &amp; size
Opened: today
Submitter: ann@mail.example
Priority: 3
Status: Open
View Online: https://help.example/tickets/3/ (login required)

Description:
"""
SIGNATURE = "\n\nRegards,\n\nSales\nhelp@example.org\n\nFooter\n"


def mail(body: str, subject: str = "[sales-3] Price", **headers: str) -> Mail:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Sales <help@example.org>", "box@firm.example", subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    return decode(message.as_bytes())


@pytest.mark.parametrize(
    "text",
    ["How much?", "Regards,\n\nSales\nof the century", "Status: new\nTitle: other", "a\n\nRegards,\nAnn", "5 &lt; 6"],
)
def test_the_text_ends_above_the_signature_of_the_queue(text):
    (interest,) = TicketsParser().parse(mail(HEAD + text + SIGNATURE))
    assert interest.text == text.replace("&lt;", "<")
    assert interest.source.title == "Price & size"
    assert interest.author.email == "ann@mail.example"


def test_a_mail_that_names_an_assignee_tells_of_no_new_ticket():
    later = HEAD.replace("View Online", "Assigned to: Nils\nView Online") + "x" + SIGNATURE
    assert TicketsParser().parse(mail(later)) == Ignored("ticket")


def test_a_changed_signature_is_noticed():
    with pytest.raises(TemplateChanged):
        TicketsParser().parse(mail(HEAD + "How much?\n"))


def test_brackets_in_a_subject_alone_are_no_ticket():
    assert not any(route.holds(mail("Hello", subject="[offer-3] Hello")) for route in TicketsParser.routes)


def test_request_tracker_is_told_by_its_header_and_only_new_tickets_are_read():
    answer = TicketsParser().parse(mail("Transaction: Correspondence added by root\n", X_RT_Ticket="rt.example #5"))
    assert answer == Ignored("ticket")
