from mailbridge.mailbox.decode import decode


def test_a_plain_mail_is_read():
    mail = decode(b"From: Anna <anna@example.org>\r\nSubject: Hello\r\n\r\nHow much is it?\r\n")
    assert (mail.sender.email, mail.subject, mail.text) == ("anna@example.org", "Hello", "How much is it?\n")
