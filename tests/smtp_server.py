"""A mail server that takes mails by SMTP and does with them what a test wants."""

import ssl
from contextlib import contextmanager

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from dovecot import free_port

USER, PASSWORD = "canary@example.org", "smtp-secret-of-tests"


class Post:
    """Keeps what was handed over; `deliver` gets each mail, `refuses` is answered to the address."""

    def __init__(self, deliver):
        self.mails = []
        self.users = []
        self.refuses = None
        self._deliver = deliver

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 - aiosmtpd's name
        if self.refuses:
            return self.refuses
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd's name
        self.mails.append(envelope.content)
        self._deliver(envelope.content)
        return "250 OK"

    def log_in(self, _server, _session, _envelope, _mechanism, data):
        self.users.append(data.login.decode())
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)


@contextmanager
def smtp_server(folder, *, tls="starttls", deliver=lambda _: None):
    """Yield the post and the keys of [canary] that lead to it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "smtp-ca.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    post, port = Post(deliver), free_port()
    more = {"ssl_context": context} if tls == "implicit" else {}
    if tls == "starttls":
        more["tls_context"] = context
    controller = Controller(
        post, hostname="127.0.0.1", port=port, authenticator=post.log_in, auth_require_tls=tls == "starttls", **more
    )
    controller.start()
    try:
        yield post, {"host": "127.0.0.1", "port": port, "tls": tls, "ca_file": str(folder / "smtp-ca.pem")}
    finally:
        controller.stop()
