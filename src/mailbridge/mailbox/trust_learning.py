"""What the mails of a mailbox tell about how they reach it: which receiver profile fits, which forwarder breaks DKIM.

A hint for the person who writes the configuration, never trust by itself: what a mailbox holds was sent by anybody.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from mailbridge.mailbox.head import head_of
from mailbridge.mailbox.receiving import DEFAULT, GENERIC, Receiving
from mailbridge.mailbox.trust import judge, own_results, passed, signature_tags
from mailbridge.mailbox.trust_domains import is_same_organisation, normal_domain, organisation
from mailbridge.mailbox.trust_path import Path, by_host, incoming_path, peer_address, peer_name, provider_of
from mailbridge.mailbox.trust_results import Results
from mailbridge.sdk import Address, Headers, Trust
from mailbridge.sdk.mail import mail_id_of

MOST = 0.9
"""So much of the mails has to say the same before a profile fits."""

ENOUGH = 3
"""So many broken signatures before a forwarder is said to break them."""

_FORWARDED = frozenset({
    "x-forwarded-to", "x-forwarded-for", "resent-from", "resent-to", "list-id", "x-ms-exchange-inbox-rules-loop",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one mail tells.

    Attributes:
        mail_id: Of the mail.
        profile: Receiver profile of the server that took it last, "" when no field tells.
        results_host: Who wrote the results at the place where only our servers write; None = there are none.
        trust: The verdict as the mailbox is configured.
        suggested: The verdict with nothing configured.
        forwarder: Registered domain or address of a server that only handed the mail on, "" = it came straight.
        is_signed: It has a DKIM signature of the organisation that From names.
        is_broken: It has, and our receiver did not find it good.
        vouched_there: The forwarder's own results vouch for the sender.
    """

    mail_id: str
    profile: str
    results_host: str | None
    trust: Trust
    suggested: Trust
    forwarder: str = ""
    is_signed: bool = False
    is_broken: bool = False
    vouched_there: bool = False


@dataclass(frozen=True, slots=True)
class Forwarder:
    """A server that hands mails of others on to this mailbox.

    Attributes:
        host: Its registered domain, or its address.
        mails: How many came through it.
        signed: Of these, how many have a signature of their sender.
        broken: Of these, how many arrived with that signature broken.
        vouched_there: For how many its own results vouch: what naming it would win.
        sample: Id of a mail whose signature is broken, else of any.
        is_named: It stands in the configuration.
    """

    host: str
    mails: int
    signed: int
    broken: int
    vouched_there: int
    sample: str
    is_named: bool

    @property
    def breaks_dkim(self) -> bool:
        """Whether it changes what is signed, as a list that adds a footer does."""
        return self.broken >= ENOUGH and self.broken * 2 >= self.signed


@dataclass(frozen=True, slots=True)
class Learned:
    """What all mails together tell.

    Attributes:
        mails: How many were looked at.
        profile: The receiver profile that fits, None when no one does.
        profile_mails: How many mails say so.
        receiver: What to write as `receiver` in [mailboxes.NAME], None when the mails tell nothing.
        configured: What stands there now.
        fits: Whether what stands there now finds as many verdicts as what would be suggested.
        with_results: How many mails have results of our own receiver.
        verdicts: Verdict → mails, as configured.
        reasons: Reason → mails, as configured.
        forwarders: Who hands mails on, most mails first.
        advice: What to do, one sentence each; empty when everything is as it should be.
    """

    mails: int
    profile: str | None
    profile_mails: int
    receiver: str | None
    configured: str | None
    fits: bool
    with_results: int
    verdicts: dict[str, int]
    reasons: dict[str, int]
    forwarders: tuple[Forwarder, ...]
    advice: tuple[str, ...] = field(default=())


def learn(raws: Iterable[bytes], receiving: Receiving = DEFAULT) -> Learned:
    """Return what mails tell about the way they came; never raises for what a mail holds."""
    return summed([look(raw, receiving) for raw in raws], receiving)


def look(raw: bytes, receiving: Receiving = DEFAULT) -> Sighting:
    """Return what one mail tells."""
    headers, senders = head_of(raw)
    fields = list(headers)
    path = incoming_path(fields)
    own = own_results(headers, Receiving())
    provider = provider_of(path.hosts[0]) if path.hosts else None
    told = Sighting(
        mail_id=mail_id_of(raw),
        profile=provider.name if provider else GENERIC if path.hosts else "",
        results_host=own[0].authserv_id or (path.hosts[-1] if path.hosts else "") if own else None,
        trust=judge(headers, senders, receiving),
        suggested=judge(headers, senders, replace(receiving, receiver=None)),
    )
    return _with_forwarder(told, headers, senders, path, own)


def _with_forwarder(
    told: Sighting, headers: Headers, senders: Sequence[Address], path: Path, own: Sequence[Results]
) -> Sighting:
    fields = list(headers)
    domain = normal_domain(senders[0].domain) if len(senders) == 1 else ""
    signed = any(is_same_organisation(signer, domain) for signer in (one["d"] for one in signature_tags(headers)))
    found = [one.domain("header.d", "header.i") for one in passed(own, "dkim")]
    good = any(is_same_organisation(signer, domain) for signer in found)
    told = replace(told, is_signed=signed, is_broken=signed and bool(own) and not good)
    host = _forwarder(headers, path, domain) if path.hosts and path.end < len(fields) else ""
    if not host:
        return told
    there = judge(headers, senders, Receiving(forwarders=(host,)))
    vouched = there.verdict == "pass" and there.reason.startswith("forwarder_")
    return replace(told, forwarder=host, vouched_there=vouched)


def _forwarder(headers: Headers, path: Path, domain: str) -> str:
    """Return who only handed the mail on: a stranger that took it from somebody else, or that says so itself."""
    fields = list(headers)
    line = fields[path.end][1]
    name, address = peer_name(line), peer_address(line)
    host = organisation(name) if "." in name else str(address or "")
    if not host or is_same_organisation(name, domain):
        return ""
    says_so = any(field_name.lower() in _FORWARDED for field_name, _ in fields)
    below = [by_host(value) for field_name, value in fields[path.end + 1 :] if field_name.lower() == "received"]
    took_it = len(below) > 1 and is_same_organisation(below[0], name)
    return host if says_so or took_it else ""


def summed(sightings: Sequence[Sighting], receiving: Receiving = DEFAULT) -> Learned:
    """Return what many mails tell together."""
    profiles = Counter(one.profile for one in sightings if one.profile)
    profile, count = profiles.most_common(1)[0] if profiles else (None, 0)
    fitting = profile if count >= MOST * len(sightings) else None
    hosts = Counter(one.results_host for one in sightings if one.results_host)
    own_host = hosts.most_common(1)[0][0] if hosts else None
    passed = [sum(one.verdict == "pass" for one in verdicts) for verdicts in _verdicts(sightings)]
    learned = Learned(
        mails=len(sightings),
        profile=fitting,
        profile_mails=count if fitting else 0,
        receiver=(fitting if fitting != GENERIC else own_host) if fitting else None,
        configured=receiving.receiver,
        fits=passed[0] >= passed[1],
        with_results=sum(one.results_host is not None for one in sightings),
        verdicts=dict(Counter(one.trust.verdict for one in sightings)),
        reasons=dict(Counter(one.trust.reason for one in sightings).most_common()),
        forwarders=_forwarders(sightings, receiving),
    )
    return replace(learned, advice=tuple(_advice(learned, sightings)))


def _verdicts(sightings: Sequence[Sighting]) -> tuple[list[Trust], list[Trust]]:
    return [one.trust for one in sightings], [one.suggested for one in sightings]


def _forwarders(sightings: Sequence[Sighting], receiving: Receiving) -> tuple[Forwarder, ...]:
    through: defaultdict[str, list[Sighting]] = defaultdict(list)
    for one in sightings:
        if one.forwarder:
            through[one.forwarder].append(one)
    found = [
        Forwarder(
            host=host,
            mails=len(mails),
            signed=sum(one.is_signed for one in mails),
            broken=sum(one.is_broken for one in mails),
            vouched_there=sum(one.vouched_there and one.trust.verdict != "pass" for one in mails),
            sample=next((one for one in mails if one.is_broken), mails[0]).mail_id,
            is_named=any(host in {name, organisation(normal_domain(name))} for name in receiving.forwarders),
        )
        for host, mails in through.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.mails, one.host)))


def _advice(learned: Learned, sightings: Sequence[Sighting]) -> Iterable[str]:
    if learned.mails and not learned.fits:
        yield (
            f'receiver = "{learned.configured}" finds fewer verdicts than the mails hold: write '
            f'receiver = "{learned.receiver or GENERIC}"'
        )
    unsaid = learned.mails - learned.with_results
    signed = sum(one.is_signed for one in sightings if one.results_host is None)
    if unsaid * 2 > learned.mails:
        yield (
            f"{unsaid} of {learned.mails} mails carry no results of your own mail server: let it check DKIM and DMARC "
            f"(OpenDKIM, OpenDMARC, rspamd); {signed} of them are signed, which [trust] dkim checks here"
        )
    for one in learned.forwarders:
        if one.breaks_dkim and not one.is_named:
            yield (
                f"{one.host} hands mails on and breaks their signatures ({one.broken} of {one.signed}, such as "
                f"{one.sample[:12]}): let it forward without changing anything, or, when it is yours, write "
                f'forwarders = ["{one.host}"]; its own results vouch for {one.vouched_there} of them'
            )
