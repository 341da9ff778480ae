"""How mails reach a mailbox: whose word about their senders counts, as a person says it."""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from mailbridge.mailbox.trust_domains import is_within, normal_domain
from mailbridge.mailbox.trust_path import PROFILES

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

_DOMAIN = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")

GENERIC = "generic"
"""The receiver profile of a server that is none of the known services: the servers that the mail passed last."""


def network_of(text: str) -> IpNetwork | None:
    """Return the network or the one address that a text names, None when it is neither."""
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def is_listed(domain: str, address: IpAddress | None, names: Iterable[str]) -> bool:
    """Whether one of the names, domains and networks, holds a domain or the address of a server."""
    for name in names:
        network = network_of(name)
        if network is None:
            if is_within(domain, normal_domain(name)):
                return True
        elif address is not None and address.version == network.version and address in network:
            return True
    return False


@dataclass(frozen=True, slots=True)
class Receiving:
    """Whose word counts.

    Attributes:
        receiver: Host whose results are believed, or the name of a profile; None = of the servers that the mail
            passed last, or, when no field tells, of the one that the topmost result names.
        forwarders: Domains or networks of servers that hand mails on to this mailbox, and whose results of their own
            are believed where ours can't pass any more. Never assumed (arXiv 2302.07287).
        servers: Networks of the company's own servers that send forms: who hands over from there is believed.
        old_days: A mail that was written so many days before our server took it is not believed.
    """

    receiver: str | None = None
    forwarders: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    old_days: int = 7

    @property
    def hosts(self) -> tuple[str, ...]:
        """The named receiver, all servers of the named profile, or nothing."""
        if self.receiver is None or self.receiver == GENERIC:
            return ()
        profile = PROFILES.get(self.receiver)
        return tuple(sorted(profile.organisations)) if profile else (normal_domain(self.receiver),)


DEFAULT = Receiving()
"""Nothing is named."""


def checked_receiver(text: str) -> str:
    """Return the name of a receiver as configured; raises ValueError when it is neither a host nor a profile."""
    name = normal_domain(text)
    if name == GENERIC or name in PROFILES or ("." in name and not name.startswith("-")):
        return name
    known = ", ".join([*sorted(PROFILES), GENERIC])
    raise ValueError(f"{text!r} is neither a host name such as mx.example.org nor a profile: {known}")


def checked_server(text: str) -> str:
    """Return a domain or network as configured; raises ValueError when it is neither."""
    name = normal_domain(text.rpartition("@")[2])
    if network_of(text) is not None:
        return str(network_of(text))
    if _DOMAIN.fullmatch(name):
        return name
    raise ValueError(f"{text!r} is neither a domain such as partner.example nor a network such as 192.0.2.0/28")


def checked_sender(text: str) -> str:
    """Return an address, domain or network as configured; raises ValueError when it is none of them."""
    local, sign, _ = text.strip().lower().rpartition("@")
    return f"{local}@{checked_server(text)}" if sign and local else checked_server(text)
