"""`mailbridge login`: by a code on another device and in a browser, at a provider here and a real mail server."""

from urllib.parse import parse_qs, urlsplit

import pytest

from mailbridge.mailbox import oauth_consent
from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.server import serve

SINK = """
[sinks.amo]
type = "amocrm"
url = "{url}"
client_id = "demo-client"
client_secret = "demo-secret"
redirect_uri = "https://bridge.example/oauth"
"""


@pytest.fixture
def asked(monkeypatch):
    """What a person is told, and how they answer: `asked.answer(page)` gives the address in which the browser ends."""

    class Person:
        def answer(self, page):
            raise AssertionError("nobody was to be asked")

    person = Person()
    monkeypatch.setattr("mailbridge.cli.login._address_after", lambda page, _who: person.answer(page))
    monkeypatch.setattr(oauth_consent.time, "sleep", lambda _seconds: None)
    return person


@pytest.fixture
def box(office, provider, token_dovecot):
    token_dovecot.user(provider.user)
    provider.refresh_tokens.clear()

    def configure(way):
        (office.folder / "config.toml").write_text(f"""
[ledger]
url = "sqlite:///ledger.db"
[mailboxes.main]
type = "imap"
host = "127.0.0.1"
port = {token_dovecot.plain_port}
tls = "none"
username = "{provider.user}"
auth = "xoauth2"
oauth_token_url = "{provider.token_url}"
oauth_client_id = "app"
oauth_client_secret = "of the program"
oauth_scope = "mail offline_access"
{way}
""")
        return office

    return configure


@pytest.mark.dovecot
def test_by_a_code_on_another_device(box, provider, asked):
    office = box(f'oauth_device_url = "{provider.device_url}"')
    code, _, err = office.run("check", "--connect")
    assert code == 77
    assert "nobody has logged in yet: mailbridge login NAME" in err + office.run("check", "--connect")[1]
    provider.pending = ["authorization_pending", "slow_down"]
    code, out, err = office.run("login", "main")
    assert code == 0, out + err
    assert f"open {provider.page} on any device, type ABCD-EFGH, and agree as anna" in err
    assert out.startswith("ok   mailbox main: INBOX at 127.0.0.1: 0 mails")
    assert office.run("check", "--connect")[0] == 0
    stored = office.sql("SELECT body FROM token")[0][0]
    assert stored.startswith("fernet:")
    provider.good.clear()
    assert office.run("check", "--connect")[0] == 0, "it is renewed with what the log-in gave"


@pytest.mark.dovecot
@pytest.mark.parametrize(("error", "words"), [("access_denied", "access_denied"), ("expired_token", "expired_token")])
def test_a_person_who_says_no(box, provider, asked, error, words):
    office = box(f'oauth_device_url = "{provider.device_url}"')
    provider.pending = [error]
    code, _, err = office.run("login", "main")
    assert (code, words in err) == (77, True)


@pytest.mark.dovecot
def test_in_a_browser(box, provider, asked):
    office = box('oauth_authorize_url = "https://login.example/authorize"')

    def visit(page):
        query = {name: values[0] for name, values in parse_qs(urlsplit(page).query).items()}
        assert query["code_challenge_method"] == "S256"
        provider.codes["the-code"] = query["code_challenge"]
        return f"{query['redirect_uri']}?code=the-code&state={query['state']}"

    asked.answer = visit
    code, out, err = office.run("login", "main")
    assert code == 0, out + err
    asked.answer = lambda page: "http://127.0.0.1:8914/?code=the-code&state=of-somebody-else"
    code, _, err = office.run("login", "main")
    assert (code, "no code of this log-in" in err) == (77, True)
    asked.answer = lambda page: "what is this?"
    assert office.run("login", "main")[0] == 77


def test_an_amocrm_account_is_opened_by_its_administrator(office, asked):
    crm = AmocrmEmulator(rate_per_s=None)
    with serve(crm) as url:
        office.configure((office.folder / "config.toml").read_text() + SINK.format(url=url))
        code, out, _ = office.run("check", "--connect")
        assert (code, "mailbridge login NAME" in out) == (77, True)

        def visit(page):
            assert page.startswith("https://www.amocrm.ru/oauth?client_id=demo-client&state=")
            return f"https://bridge.example/oauth?code=demo-code&state={page.rpartition('=')[2]}&referer=x.amocrm.ru"

        asked.answer = visit
        code, out, err = office.run("login", "amo")
        assert code == 0, out + err
        assert "ok   sink amo: amoCRM: account amo can work" in out
        code, _, err = office.run("login", "amo")
        assert (code, "amoCRM refuses the code" in err) == (77, True), "a code works once"
        assert office.run("check", "--connect")[0] == 0, "the tokens of before are still there"


def test_what_needs_no_log_in_is_told(office):
    for name, words in (
        ("nobody", "there is no mailbox and no sink"),
        ("box", "nobody has to log in"),
        ("file", "nobody has to"),
    ):
        code, _, err = office.run("login", name)
        assert (code, words in err) == (64, True), err
