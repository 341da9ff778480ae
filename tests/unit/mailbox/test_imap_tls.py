"""Whom a mailbox talks to: certificates, protocol versions, and nothing of a stranger in a command."""

import socket
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError

from mailbridge.mailbox.imap import ImapMailbox
from mailbridge.mailbox.imap_wire import Wire
from mailbridge.mailbox.settings import ImapSettings
from mailbridge.mailbox.tls import trusting
from mailbridge.ports import MailboxUnreachable

AUTHORITY = trustme.CA()


def settings(**changes):
    values = {"type": "imap", "host": "localhost", "username": "anna", "password": "word-of-anna", "timeout_s": 5}
    return ImapSettings.model_validate(values | changes)


def context_of(certificate=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certificate is not None:
        certificate.configure_cert(context)
    return context


@contextmanager
def serving(context):
    """A server that speaks TLS and notes every byte that it gets behind the handshake."""
    heard = []

    def serve(listener):
        try:
            plain, _ = listener.accept()
            with plain, context.wrap_socket(plain, server_side=True) as secure:
                secure.sendall(b"* OK ready\r\n")
                heard.append(secure.recv(1000))
        except OSError:
            pass  # refused by the client, as it should be

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield listener.getsockname()[1], heard
        thread.join(10)


def refused(context, ca_file):
    with serving(context) as (port, heard), pytest.raises(MailboxUnreachable) as caught:
        ImapMailbox("shared", settings(port=port, ca_file=ca_file)).check()
    assert heard in ([], [b""]), "a command was sent to a server that is not trusted"
    return str(caught.value)


@pytest.fixture
def ca_file(tmp_path):
    path = tmp_path / "own-authority.pem"
    AUTHORITY.cert_pem.write_to_path(path)
    return path


def test_an_own_authority_is_trusted_when_it_is_named(ca_file):
    gone = pytest.raises(MailboxUnreachable, match="closed the connection")
    with serving(context_of(AUTHORITY.issue_cert("localhost"))) as (port, heard), gone:
        ImapMailbox("shared", settings(port=port, ca_file=ca_file)).check()
    assert b"CAPABILITY" in heard[0]


def test_an_expired_certificate(ca_file):
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assert "has expired" in refused(context_of(AUTHORITY.issue_cert("localhost", not_after=yesterday)), ca_file)


def test_a_certificate_for_another_host(ca_file):
    assert "is not for localhost" in refused(context_of(AUTHORITY.issue_cert("imap.example.org")), ca_file)


def test_a_certificate_of_another_authority(ca_file):
    assert "is not trusted" in refused(context_of(trustme.CA().issue_cert("localhost")), ca_file)


def test_a_certificate_that_vouches_for_itself(ca_file, tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    pem = tmp_path / "self.pem"
    pem.write_bytes(
        made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = context_of()
    context.load_cert_chain(pem)
    assert "is not trusted" in refused(context, ca_file)


def test_a_server_that_can_only_do_what_is_broken(ca_file):
    context = context_of(AUTHORITY.issue_cert("localhost"))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="deprecated"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="deprecated"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    assert "older than 1.2" in refused(context, ca_file)


def test_nothing_can_switch_the_checks_off(ca_file):
    context = trusting(ca_file)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    names = ImapSettings.model_fields
    assert not [name for name in names if any(word in name for word in ("verify", "insecure", "cert_none"))]
    for key in ("verify", "tls_verify", "insecure", "ssl_verify"):
        with pytest.raises(ValidationError, match="Extra inputs"):
            settings(**{key: False})
    with pytest.raises(ValidationError, match="would send the password in clear"):
        settings(host="imap.example.org", tls="none")


@pytest.mark.parametrize("sign", ["\r", "\n", "\0", "\r\nX DELETE INBOX", "\x1f", "\x7f"])
@pytest.mark.parametrize("key", ["host", "username", "password", "folder", "mark_folder", "mark_keyword"])
def test_no_setting_can_hold_a_second_command(key, sign):
    more = {"mark": "move"} if key == "mark_folder" else {}
    for value in (f"a{sign}b", f"{sign}a", f"a{sign}"):
        with pytest.raises(ValidationError):
            settings(**{key: value}, **more)


@pytest.mark.parametrize("sign", [b"\r", b"\n", b"\0"])
def test_the_wire_itself_refuses_what_is_more_than_a_command(sign):
    """Whatever comes to hold a name or a text one day: one call sends one command."""
    wire = object.__new__(Wire)  # not connected: it has to refuse before that matters
    with pytest.raises(Wire.error, match="line break"):
        wire.send(b"A1 SELECT x" + sign + b"A2 DELETE INBOX\r\n")
