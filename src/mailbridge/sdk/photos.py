"""Fetching a photo of an author, guarded: the address comes out of a mail, so it may be anybody's.

Off unless hosts are allowed. Only https to a host of the list; the name is resolved once, every address it has must be
public, and the connection goes to one of those (no second look that could say something else). A redirect is a new
address and checked as one. No cookies, no credentials, no proxy of the environment, nothing is decoded or unpacked.
"""

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore
from pydantic import BaseModel, ConfigDict, Field, field_validator

from mailbridge.sdk.errors import MailbridgeError

HTTPS = 443
_HOPS = 3
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""A host name whose last label is none of a number: no form of an IP address fits (WHATWG URL, "ends in a number")."""
_MAGIC = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg", "jpg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png", "png"),
    (re.compile(rb"GIF8[79]a"), "image/gif", "gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp", "webp"),
)
# What Python 3.11 still counts as global, though nothing on the internet answers there.
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(block) for block in ("192.0.0.0/24", "192.88.99.0/24", "100.64.0.0/10", "198.18.0.0/15")
)
_UNICAST = ipaddress.ip_network("2000::/3")
"""The part of IPv6 that is given out (RFC 4291 §2.4); NAT64, mapped and compatible addresses lie outside."""
_WRAPS_IPV4 = (ipaddress.ip_network("2002::/16"), ipaddress.ip_network("2001::/23"), ipaddress.ip_network("3fff::/20"))

Resolve = Callable[[str, int], Sequence[str]]
"""(host, port) → its addresses."""


class PhotoConfig(BaseModel):
    """Fetching photos of authors; off while `hosts` is empty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hosts: tuple[str, ...] = Field(
        (),
        description="Hosts that photos may be fetched from, with all below them; empty = no photo is ever fetched.",
        examples=[["userapi.com", "mycdn.me"]],
    )
    max_bytes: int = Field(2_000_000, ge=1_000, le=20_000_000, description="Largest photo.")
    timeout_s: float = Field(5.0, gt=0, le=30, description="Seconds that a photo may take, redirects included.")

    @field_validator("hosts")
    @classmethod
    def _names(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        hosts = tuple(host.strip().lower().lstrip(".") for host in hosts)
        for host in hosts:
            if not _NAME.fullmatch(host):
                raise ValueError(f"{host!r} is no name of a host such as userapi.com")
        return hosts


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture that was fetched; its first bytes say what it is, nothing looked further into it."""

    content: bytes
    media_type: str
    name: str


class NoPhoto(MailbridgeError):  # noqa: N818 - says what is known
    """There is no photo at this address, or none that may be fetched; the text says why and names no secret."""


def fetch_photo(url: str | None, config: PhotoConfig) -> Photo | None:
    """Return the photo at an address of a mail; None when there is none, or none that the settings allow.

    Takes at most `timeout_s` besides the resolving of names; call it before `steps.writing`.
    """
    if not url or not config.hosts:
        return None
    try:
        return PhotoFetcher(config).fetch(url)
    except NoPhoto:
        return None


class PhotoFetcher:
    """Fetches single photos and says why when it does not.

    Args:
        config: What is allowed.
        resolve: How names become addresses.
        network: How connections are made; it gets an address, never a name.
        ssl_context: Whom to believe; None = the system's certificate authorities.
    """

    def __init__(
        self,
        config: PhotoConfig,
        *,
        resolve: Resolve | None = None,
        network: httpcore.NetworkBackend | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._config = config
        self._resolve = resolve or _resolved
        self._network = network or httpcore.SyncBackend()
        self._ssl_context = ssl_context or ssl.create_default_context()

    def fetch(self, url: str) -> Photo:
        """Return the photo.

        Raises:
            NoPhoto: The address may not be asked, gives nothing, or too much, or no picture.
        """
        guard = _Guard(self._resolve, self._network, time.monotonic() + self._config.timeout_s)
        with httpcore.ConnectionPool(
            ssl_context=self._ssl_context, network_backend=guard, max_keepalive_connections=0
        ) as pool:
            for _ in range(_HOPS + 1):
                answer = self._ask(pool, self._allowed(url))
                if isinstance(answer, Photo):
                    return answer
                url = urljoin(url, answer)
        raise NoPhoto(f"more than {_HOPS} redirects")

    def _allowed(self, url: str) -> str:
        """Return the address as it is sent; raises NoPhoto."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise NoPhoto("not an address") from None
        host = (parts.hostname or "").rstrip(".")
        if parts.scheme != "https" or port not in {None, HTTPS} or parts.username is not None:
            raise NoPhoto("only plain https:// addresses are asked")
        if not _NAME.fullmatch(host):
            raise NoPhoto("the host is no name")
        if not any(host == own or host.endswith(f".{own}") for own in self._config.hosts):
            raise NoPhoto(f"{host} is not among the allowed hosts")
        target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        if not target.isascii() or not target.isprintable() or " " in target:
            raise NoPhoto("not an address")
        return f"https://{host}{target}"

    def _ask(self, pool: httpcore.ConnectionPool, url: str) -> "Photo | str":
        """Return the photo, or where the answer points to."""
        headers = [("User-Agent", "mailbridge"), ("Accept", "image/*"), ("Accept-Encoding", "identity")]
        try:
            with pool.stream("GET", url, headers=headers) as answer:
                return self._read(answer)
        except (
            httpcore.ConnectError,
            httpcore.TimeoutException,
            httpcore.ProtocolError,
            httpcore.NetworkError,
        ) as error:
            raise NoPhoto(f"no answer: {type(error).__name__}") from None

    def _read(self, answer: httpcore.Response) -> "Photo | str":
        headers = {name.lower(): value for name, value in answer.headers}
        if answer.status in {301, 302, 303, 307, 308}:
            return headers.get(b"location", b"").decode("latin-1")
        if answer.status != 200:
            raise NoPhoto(f"HTTP {answer.status}")
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise NoPhoto("the answer is packed")
        content = b""
        for piece in answer.iter_stream():
            content += piece
            if len(content) > self._config.max_bytes:
                raise NoPhoto(f"more than {self._config.max_bytes} bytes")
        for sign, media_type, ending in _MAGIC:
            if sign.match(content):
                return Photo(content, media_type, f"photo.{ending}")
        raise NoPhoto("no JPEG, PNG, GIF or WebP picture")


class _Guard(httpcore.NetworkBackend):
    """Resolves, checks and connects in one go: what was checked is what is connected to."""

    def __init__(self, resolve: Resolve, network: httpcore.NetworkBackend, deadline: float) -> None:
        self._resolve = resolve
        self._network = network
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline is shorter
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            addresses = self._resolve(host, port)
        except OSError:
            raise NoPhoto(f"the name {host} can't be found") from None
        if not addresses or not all(map(is_public, addresses)):
            raise NoPhoto(f"{host} has an address that is not public")
        stream = self._network.connect_tcp(addresses[0], port, _left(self._deadline), local_address, socket_options)
        return _Timed(stream, self._deadline)


class _Timed(httpcore.NetworkStream):
    """A stream with one deadline for all: a byte now and then would keep every single time-out happy."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - as above
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - as above
        self._stream.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - as above
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return _Timed(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet: not private, link-local, a cloud's metadata, or wrapping such."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False  # one with a zone (fe80::1%eth0) is link-local
    if not ip.is_global or ip.is_multicast or ip.is_reserved or any(ip in net for net in _NOT_PUBLIC):
        return False
    return ip.version == 4 or (ip in _UNICAST and not any(ip in net for net in _WRAPS_IPV4))


def _resolved(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise NoPhoto("it took too long")
    return left
