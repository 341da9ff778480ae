"""A CRM that repeats every request in its refusal brings nothing to light: neither a secret nor a word of a mail."""

import http.server
import json
import os
import threading
import zipfile

import pytest

SECRETS = {
    "amo": "canary-amo-token",
    "bitrix": "canary-bitrix-webhook",
    "salesforce": "canary-salesforce-token",
    "rest": 'canary "rest" tökén',
    "alert": "canary-alert-password",
    "client": "canary-oauth-client-secret",
    "refresh": "canary-oauth-refresh-token",
    "imap": "canary-imap-password",
}
PERSON = ("Канарейкина", "canary.anna@example.org", "9990001122", "канареечный текст", "Тема с канарейкой")
MAIL = (
    "From: Анна Канарейкина <canary.anna@example.org>\nTo: leads@example.org\nSubject: Тема с канарейкой\n"
    "Message-ID: <1@example.org>\nContent-Type: text/plain; charset=utf-8\n\nканареечный текст, +7 999 000-11-22\n"
)
CONFIG = """
[alerts]
urls = ["json://user:{alert}@127.0.0.1:{port}/"]
[http]
port = 0
[mailboxes.server]
type = "imap"
host = "127.0.0.1"
port = {port}
tls = "none"
username = "anna"
password = "{imap}"
timeout_s = 0.5
[mailboxes.oauth]
type = "imap"
host = "127.0.0.1"
port = {port}
tls = "none"
username = "anna"
auth = "xoauth2"
oauth_client_id = "bridge"
oauth_client_secret = "{client}"
oauth_refresh_token = "{refresh}"
oauth_token_url = "http://127.0.0.1:{port}/token"
timeout_s = 0.5
[sinks.amo]
type = "amocrm"
url = "http://127.0.0.1:{port}"
token = "{amo}"
[sinks.bitrix]
type = "bitrix24"
url = "http://127.0.0.1:{port}/rest/1/{bitrix}/"
[sinks.salesforce]
type = "salesforce"
url = "http://127.0.0.1:{port}"
token = "{salesforce}"
[sinks.any]
type = "rest"
url = "http://127.0.0.1:{port}"
auth = "bearer"
token = '{rest}'
steps.lead.path = "/leads"
steps.lead.body = {{ key = "{{{{ key }}}}", name = "{{{{ who }}}}", text = "{{{{ card }}}}" }}
"""
COMMANDS = (
    "check --connect", "run --once --new", "config show", "health --json", "audit --json", "alert test",
    "doctor --bundle bundle.zip", "backup copy.db",
)  # fmt: skip
LISTS = ("mails --json", "deliveries --json", "interests --json", "quarantine list --json")


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers everything with 400 and with all it was told, in each form in which a CRM tells reasons."""

    def do_POST(self):
        told = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")
        said = f"{told} {self.headers}" if self.path == "/leads" else f"{self.path} {self.headers} {told}"
        names = ("error", "error_description", "title", "detail", "message")
        body = json.dumps(dict.fromkeys(names, said), ensure_ascii=False).encode()
        self.send_response(400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PATCH = do_PUT = do_POST  # noqa: N815 - http.server wants these names

    def log_message(self, *_):
        pass


@pytest.fixture
def full(office):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    text = (office.folder / "config.toml").read_text()
    office.configure(text + CONFIG.format(port=server.server_address[1], **SECRETS))
    file = office.folder / "mails" / "1.eml"
    file.write_text(MAIL, encoding="utf-8")
    os.utime(file, (1_700_000_000,) * 2)
    yield office
    server.shutdown()
    thread.join()
    server.server_close()


def found(words, text):
    return [one for one in words if one in text]


def everything_in(path):
    if path.suffix != ".zip":
        return path.read_bytes().decode("utf-8", "replace")
    with zipfile.ZipFile(path) as bundle:
        return "".join(bundle.read(name).decode() for name in bundle.namelist())


def test_what_is_repeated_to_us_is_not_repeated_by_us(full):
    office = full
    office.configure((office.folder / "config.toml").read_text().replace('level = "ERROR"', 'level = "INFO"'))
    for command in (*COMMANDS, *LISTS):
        code, out, err = office.run(*command.split())
        assert code not in {64, 70, 78}, (command, err)
        assert found(SECRETS.values(), out + err) == [], command
        private = err if command in LISTS else out + err
        assert found(PERSON, private) == [], (command, private)
    assert office.sql("SELECT count(*) FROM interest") == [(1,)]
    for path in office.folder.rglob("*"):
        if path.is_file() and path.name != "config.toml":
            assert found(SECRETS.values(), everything_in(path)) == [], path.name
    assert found(PERSON, everything_in(office.folder / "bundle.zip")) == []
    assert found(PERSON, str(office.sql('SELECT * FROM "transition"'))) == []
