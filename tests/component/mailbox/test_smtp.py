"""Canary mails are handed over to a real SMTP server, with TLS and a log-in, or it is said why not."""

import pytest
from pydantic import ValidationError

from dovecot import free_port
from mailbridge.config.canary import CanarySettings
from mailbridge.mailbox.smtp import NotSent, send
from mailbridge.pipeline.canary_mail import compose, token_in
from smtp_server import PASSWORD, USER, smtp_server

NUMBER = "0123456789abcdef" * 2


def settings(keys, **more):
    return CanarySettings.model_validate(
        {"to": "leads@example.org", "username": USER, "password": PASSWORD, **keys, **more}
    )


def mail(key):
    return compose(NUMBER, key, sender="canary@example.org", to="leads@example.org", name="Печи", now=1_800_000_000.0)


@pytest.mark.parametrize("tls", ["starttls", "implicit", "none"])
def test_a_mail_is_handed_over_after_a_log_in(tmp_path, tls):
    with smtp_server(tmp_path, tls=tls) as (post, keys):
        one = settings(keys)
        send(one, mail(one.key))
        send(one, None)  # `check --connect` only logs in
    (raw,) = post.mails
    assert post.users == [USER, USER]
    token = token_in(raw, one.key)
    assert (token.number, token.signed) == (NUMBER, True)
    assert b"Auto-Submitted: auto-generated" in raw


def test_what_is_wrong_is_said_and_the_password_is_not(tmp_path):
    with smtp_server(tmp_path) as (post, keys):
        said = {
            "535": settings(keys, password="wrong-password"),
            "certificate verify failed": settings(keys, ca_file=None),
            "no-ca.pem: No such file": settings(keys, ca_file="no-ca.pem"),
            "refused": settings(keys, port=free_port()),
        }
        for words, one in said.items():
            with pytest.raises(NotSent, match=words) as caught:
                send(one, mail(one.key))
            assert PASSWORD not in str(caught.value)
            assert "wrong-password" not in str(caught.value)
        post.refuses = "550 no such mailbox"
        with pytest.raises(NotSent, match="the address was refused: 550 no such mailbox"):
            send(settings(keys), mail(b"k"))
    assert post.mails == []


def test_a_server_without_encryption_gets_no_password(tmp_path):
    with smtp_server(tmp_path, tls="none") as (post, keys), pytest.raises(NotSent, match="STARTTLS"):
        send(settings(keys, tls="starttls"), mail(b"k"))
    assert post.users == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": "leads"},
        {"to": "leads@example.org\r\nBcc: all@example.org"},
        {"to": "Anna <leads@example.org>"},
        {"sender": "@example.org"},
        {"to": "почта@example.org"},
        {"tls": "none", "username": "a", "password": "b"},
        {"password": "b"},
        {"every_s": 1},
        {"host": " "},
    ],
)
def test_settings_that_can_not_work_are_refused(wrong):
    with pytest.raises(ValidationError):
        CanarySettings.model_validate({"host": "smtp.example.org", "to": "leads@example.org", **wrong})
