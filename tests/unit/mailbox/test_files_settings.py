import sys

import pytest
from pydantic import TypeAdapter, ValidationError

from mailbridge.mailbox.imap import ImapMailbox
from mailbridge.mailbox.oauth import access_token, sasl_xoauth2
from mailbridge.mailbox.opening import open_mailbox
from mailbridge.mailbox.settings import ImapSettings, MailboxSettings, MboxSettings
from mailbridge.ports import MailboxRefused, MailboxUnreachable
from scripted_imap import ScriptedImap

IMAP = {"type": "imap", "host": "imap.example.org", "username": "anna", "password": "word"}
SASL = "dXNlcj1hbm5hAWF1dGg9QmVhcmVyIHRvazEyMwEB"
TOKEN = {"type": "imap", "host": "imap.example.org", "username": "anna", "auth": "xoauth2"}


def settings(**changes):
    return TypeAdapter(MailboxSettings).validate_python({**IMAP, **changes})


def test_the_type_says_which_settings_apply():
    assert isinstance(settings(), ImapSettings)
    assert isinstance(TypeAdapter(MailboxSettings).validate_python({"type": "mbox", "path": "box"}), MboxSettings)
    assert isinstance(open_mailbox("a", settings()), ImapMailbox)


@pytest.mark.parametrize(("tls", "port"), [("implicit", 993), ("starttls", 143)])
def test_the_port_follows_the_encryption(tls, port):
    assert settings(tls=tls).effective_port == port
    assert settings(tls=tls, port=10_143).effective_port == 10_143


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1", "[::1]"])
def test_without_encryption_only_to_this_machine(host):
    assert settings(tls="none", host=host).tls == "none"


@pytest.mark.parametrize(
    "host", ["imap.example.org", "10.0.0.1", "localhost.example.org", "0.0.0.0", "127.0.0.1.nip.io"]
)
def test_a_password_never_goes_in_clear_to_another_machine(host):
    with pytest.raises(ValidationError, match="would send the password in clear"):
        settings(tls="none", host=host)


@pytest.mark.parametrize(
    "changes",
    [{"host": "a\r\nb"}, {"folder": "a\nX DELETE b"}, {"username": "a\0"}, {"password": "a\nb"}, {"folder": " "}],
)
def test_nothing_that_breaks_a_command_line(changes):
    with pytest.raises(ValidationError):
        settings(**changes)


def test_an_unknown_setting_and_a_since_without_offset_are_refused():
    with pytest.raises(ValidationError, match="Extra inputs"):
        settings(foldr="INBOX")
    with pytest.raises(ValidationError, match="timezone"):
        settings(since="2024-01-01T00:00:00")


def test_the_password_is_not_shown():
    assert "s3cret" not in repr(settings(username="u", password="s3cret"))


@pytest.mark.parametrize(
    "values",
    [
        {**IMAP, "password": None},
        {**IMAP, "token_path": "t"},
        TOKEN,
        {**TOKEN, "token_path": "t", "token_command": ["x"]},
        {**TOKEN, "token_path": "t", "password": "word"},
    ],
)
def test_exactly_one_way_to_log_in(values):
    with pytest.raises(ValidationError, match="auth = "):
        ImapSettings.model_validate(values)


def test_the_token_is_read_anew_from_its_file(tmp_path):
    path = tmp_path / "token"
    given = ImapSettings.model_validate({**TOKEN, "token_path": path})
    path.write_text("first\n")
    assert access_token(given) == "first"
    path.write_text("second")
    assert access_token(given) == "second"


@pytest.mark.parametrize("content", ["", "two words", "línea"])
def test_a_file_without_a_token(tmp_path, content):
    (tmp_path / "token").write_text(content)
    with pytest.raises(MailboxRefused, match="gave no access token"):
        access_token(ImapSettings.model_validate({**TOKEN, "token_path": tmp_path / "token"}))


def test_the_token_command_prints_the_token_and_its_errors_stay_unsaid():
    def token(code):
        return access_token(ImapSettings.model_validate({**TOKEN, "token_command": [sys.executable, "-c", code]}))

    assert token("print('abc')") == "abc"
    with pytest.raises(MailboxUnreachable, match="ended with 3") as caught:
        token("import sys; sys.stderr.write('secret'); sys.exit(3)")
    assert "secret" not in str(caught.value)


def test_a_token_command_that_does_not_exist():
    with pytest.raises(MailboxRefused, match="can't be started"):
        access_token(ImapSettings.model_validate({**TOKEN, "token_command": ["/no/such/program"]}))


def test_xoauth2_sends_the_token_and_an_empty_answer_to_the_challenge(tmp_path):
    (tmp_path / "token").write_text("tok123")
    server = ScriptedImap()
    answers = {"AUTHENTICATE XOAUTH2": b"+ \r\n", SASL: b"+ eyJzdGF0dXMiOiI0MDEifQ==\r\n"}
    server.script = lambda command: (
        f"{server.tag} NO AUTHENTICATE failed for tok123\r\n".encode() if command == "" else answers.get(command)
    )
    values = {**TOKEN, "token_path": tmp_path / "token", "host": "127.0.0.1", "port": server.port, "tls": "none"}
    mailbox = open_mailbox("shared", ImapSettings.model_validate({**values, "timeout_s": 1}))
    with pytest.raises(MailboxRefused, match=r"AUTHENTICATE failed for \*\*\*\. Check username, the scope"):
        mailbox.check()
    server.close()
    assert server.commands[1:] == ["AUTHENTICATE XOAUTH2", SASL, ""]
    assert sasl_xoauth2("anna", "tok123") == b"user=anna\1auth=Bearer tok123\1\1"
