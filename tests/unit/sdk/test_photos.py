"""No address out of a mail makes this machine ask what it should not."""

import socket
import ssl
import threading
import time

import httpcore
import pytest
import trustme

from mailbridge.sdk import NoPhoto, PhotoConfig, PhotoFetcher, fetch_photo
from mailbridge.sdk.photos import is_public

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 50
HOST, PUBLIC = "sun1.cdn.example", "93.184.216.34"
CONFIG = PhotoConfig(hosts=("cdn.example",), timeout_s=20, max_bytes=10_000)


def answer(body=PNG, *, status="200 OK", more=""):
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n".encode() + body


def redirect(to):
    return answer(b"", status="302 Found", more=f"Location: {to}\r\n")


class Web(httpcore.NetworkBackend):
    """An internet with one real TLS server behind every address; remembers what was resolved, connected and asked."""

    def __init__(self, answers, addresses=None):
        self.answers, self.addresses = list(answers), addresses or {}
        self.resolved, self.connected, self.asked = [], [], []
        authority = trustme.CA()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(HOST, "other.cdn.example").configure_cert(self._tls)
        self.trust = ssl.create_default_context()
        authority.configure_trust(self.trust)

    def resolve(self, host, port):
        self.resolved.append(host)
        found = self.addresses.get(host, [PUBLIC])
        return found.pop(0) if isinstance(found[0], list) else found

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        self.connected.append((host, port))
        server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, args=(server,), daemon=True).start()
        return httpcore.SyncBackend().connect_tcp("127.0.0.1", server.getsockname()[1], timeout)

    def _serve(self, server):
        with server, server.accept()[0] as plain:
            try:
                with self._tls.wrap_socket(plain, server_side=True) as stream:
                    self.asked.append(stream.recv(4096))
                    self._say(stream, self.answers.pop(0))
            except OSError:
                pass  # the client has seen enough

    def _say(self, stream, what):
        if isinstance(what, bytes):
            stream.sendall(what)
            return
        for piece in what:
            stream.sendall(piece)
            time.sleep(0.05)

    def fetch(self, url, config=CONFIG):
        fetcher = PhotoFetcher(config, resolve=self.resolve, network=self, ssl_context=self.trust)
        return fetcher.fetch(url)


def test_a_photo_of_an_allowed_host_comes_from_the_address_that_was_checked():
    web = Web([answer()])
    photo = web.fetch(f"https://{HOST}/a/b.png?size=1")
    assert (photo.content, photo.media_type, photo.name) == (PNG, "image/png", "photo.png")
    assert web.connected == [(PUBLIC, 443)]
    assert web.resolved == [HOST]
    asked = web.asked[0].decode().lower()
    assert asked.startswith(f"get /a/b.png?size=1 http/1.1\r\nhost: {HOST}\r\n")
    assert "cookie" not in asked
    assert "authorization" not in asked


def test_nothing_is_fetched_unless_hosts_are_allowed():
    assert fetch_photo(f"https://{HOST}/a.png", PhotoConfig()) is None
    assert fetch_photo(None, CONFIG) is None
    assert fetch_photo("https://127.0.0.1/", CONFIG) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://sun1.cdn.example/a", "ftp://sun1.cdn.example/a", "file:///etc/passwd", "//sun1.cdn.example/a", "a", "",
        "https://sun1.cdn.example:8443/a", "https://user@sun1.cdn.example/a", "https://sun1.cdn.example@evil.example/a",
        "https://evil.example/?sun1.cdn.example", "https://evilcdn.example/", "https://cdn.example.evil.example/",
        "https://127.0.0.1/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.1/", "https://017700000001/",
        "https://0177.0.0.01/", "https://127.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://localhost/",
        "https://169.254.169.254/latest/meta-data/", "https://[fd00:ec2::254]/", "https://①②⑦.⓪.⓪.①/",
        "https://cdn.example\\@evil.example/", "https://cdn.example:a/", "https://sun1.cdn.example/a b",
        "https://sun1.cdn.example/a\r\nHost: evil.example", "https://sun1.cdn。example/", "https://[::1", "https://.cdn.example/",
    ],
)  # fmt: skip
def test_addresses_that_are_never_asked(url):
    web = Web([])
    with pytest.raises(NoPhoto):
        web.fetch(url)
    assert web.connected == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "192.0.0.192",
        "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1",
        "fe80::1%eth0", "fc00::1",
        "fd00:ec2::254", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::7f00:1", "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1", "2002:a00:1::1",
        "2001::1", "2001:db8::1", "ff02::1", "fec0::1", "100::1", "not an address", "",
    ],
)  # fmt: skip
def test_a_name_that_leads_into_a_private_network_is_not_followed(address):
    assert not is_public(address)
    web = Web([], {HOST: [PUBLIC, address]})
    with pytest.raises(NoPhoto, match="not public"):
        web.fetch(f"https://{HOST}/a.png")
    assert web.connected == []


@pytest.mark.parametrize("address", ["8.8.8.8", PUBLIC, "2a00:1450:4010:c0f::8a", "2606:4700::1111"])
def test_addresses_of_the_internet_are_public(address):
    assert is_public(address)


def test_a_name_that_changes_its_address_is_checked_each_time_it_is_resolved():
    web = Web([redirect(f"https://{HOST}/b")], {HOST: [[PUBLIC], ["127.0.0.1"]]})
    with pytest.raises(NoPhoto, match="not public"):
        web.fetch(f"https://{HOST}/a")
    assert web.connected == [(PUBLIC, 443)]


@pytest.mark.parametrize(
    "to",
    ["http://sun1.cdn.example/b", "https://evil.example/", "https://169.254.169.254/", "//evil.example/", "https://[::1]/",
     "file:///etc/passwd"],
)  # fmt: skip
def test_a_redirect_is_a_new_address(to):
    web = Web([redirect(to)])
    with pytest.raises(NoPhoto):
        web.fetch(f"https://{HOST}/a")
    assert len(web.connected) == 1


def test_redirects_among_allowed_hosts_are_followed_and_end():
    assert Web([redirect("/b"), redirect("//other.cdn.example/c"), answer()]).fetch(f"https://{HOST}/a").content == PNG
    with pytest.raises(NoPhoto, match="redirects"):
        Web([redirect("/a")] * 9).fetch(f"https://{HOST}/a")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (answer(PNG + b"\0" * 20_000), "more than 10000 bytes"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + PNG + b"\0" * 20_000, "more than 10000 bytes"),
        (answer(b"<svg onload=alert(1)>"), "no JPEG"),
        (answer(b"<!doctype html><title>x</title>", more="Content-Type: image/png\r\n"), "no JPEG"),
        (answer(b""), "no JPEG"),
        (answer(more="Content-Encoding: gzip\r\n"), "packed"),
        (answer(status="404 Not Found"), "HTTP 404"),
        (b"SSH-2.0-OpenSSH_9\r\n", "no answer"),
        (answer(PNG)[:-20], "no answer"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, "no answer"),
    ],
    ids=["declared", "undeclared", "svg", "html", "empty", "packed", "missing", "no-http", "cut", "head"],
)
def test_answers_that_are_no_photo(given, reason):
    with pytest.raises(NoPhoto, match=reason):
        Web([given]).fetch(f"https://{HOST}/a")


@pytest.mark.parametrize("beginning", [[b"HTTP/1.1 200 OK\r\n"], [answer(), b""]], ids=["head", "body"])
def test_a_byte_now_and_then_does_not_hold_it_up(beginning):
    slow = (
        [*beginning[:1], *([b"X: y\r\n"] * 200)]
        if len(beginning) == 1
        else [answer(b"x" * 9_000)[:-9_000], *[b"x"] * 200]
    )
    begun = time.monotonic()
    with pytest.raises(NoPhoto, match=r"too long|no answer"):
        Web([slow]).fetch(f"https://{HOST}/a", CONFIG.model_copy(update={"timeout_s": 0.5}))
    assert time.monotonic() - begun < 8


def test_a_certificate_for_another_name_is_refused():
    web = Web([answer()])
    with pytest.raises(NoPhoto, match="no answer"):
        web.fetch("https://third.cdn.example/a")
    assert web.asked == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "*", "com.", "https://a.example", "10.0.0.0/8", "[::1]", "a b", "localhost"]
)
def test_hosts_of_the_settings_are_names(host):
    with pytest.raises(ValueError, match="no name of a host"):
        PhotoConfig(hosts=(host,))
