"""Who vouches for the sender of a mail: the results that our own receiver wrote, and no others (RFC 8601 §5)."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from mailbridge.mailbox.headers_dates import parse_date, received_date
from mailbridge.mailbox.receiving import DEFAULT, Receiving, is_listed, network_of
from mailbridge.mailbox.trust_domains import is_same_organisation, is_within, normal_domain
from mailbridge.mailbox.trust_path import GOOGLE, Below, Path, incoming_path, peer_address, provider_of
from mailbridge.mailbox.trust_results import Result, Results, parse_results
from mailbridge.sdk import Address, Headers, Trust

_FIELD = "authentication-results"
_ARC_FIELD = "arc-authentication-results"
SILENT = frozenset({"no_results", "untrusted_results", "no_pass", "spf_only"})
"""Reasons with which our receiver has said nothing about signatures."""

_ONCE = ("Subject", "Date", "Content-Type", "Content-Transfer-Encoding")
_REFUSED = frozenset(["fail", "hardfail", "permfail", "reject"])


def judge(headers: Headers, senders: Sequence[Address], receiving: Receiving = DEFAULT) -> Trust:
    """Return the verdict about the From domain.

    pass: DMARC passed for it, or a DKIM signature of the same organisation did, as our receiver says or, behind a named
    forwarder, that one; or a server of the company handed the mail over. fail: DMARC failed, or DKIM and SPF both.
    SPF alone says nothing, for it is about the envelope. Reasons: dmarc, dkim, forwarder_dmarc, forwarder_dkim,
    own_server; dmarc_fail, dkim_and_spf_fail; no_from, several_from, no_results, untrusted_results, disagree,
    not_aligned, spf_only, no_pass; forwarded, forwarder_arc: it came through a named forwarder, and nobody who is
    believed vouches for the sender.

    Args:
        headers: All header fields in mail order, not decoded where words may not be encoded.
        senders: The addresses of all From fields; there has to be exactly one.
        receiving: Whose word counts.
    """
    if len(senders) != 1:
        return Trust("unknown", "several_from" if senders else "no_from")
    domain = normal_domain(senders[0].domain)
    if not domain:
        return Trust("unknown", "no_from")
    fields = list(headers)
    path = _path(headers)
    believed = list(_believed(fields, path, receiving.hosts))
    trust = _said_by(believed, fields, domain)
    if trust.verdict != "pass" and (receiving.forwarders or receiving.servers):
        trust = _behind(trust, believed, fields, path, receiving, domain)
    return weighed(trust, headers, receiving)


def weighed(trust: Trust, headers: Headers, receiving: Receiving) -> Trust:
    """Return the verdict, without the good word where what a genuine mail says was changed or sent once more.

    A signature covers one Subject and the lowest; nobody has to be asked to send a signed mail again. Reasons:
    doubled_headers; old, when it was written long before our server took it.
    """
    if trust.verdict != "pass":
        return trust
    if any(len(headers.all(name)) > 1 for name in _ONCE):
        return Trust("unknown", "doubled_headers")
    return Trust("unknown", "old") if _age_days(headers) > receiving.old_days else trust


def _age_days(headers: Headers) -> float:
    """Return how long a mail was under way by the clocks of its writer and of our server; 0 when one does not tell."""
    fields = list(headers)
    path = _path(headers)
    taken = received_date(fields[path.end][1]) if path.hosts and path.end < len(fields) else None
    written = parse_date(headers.get("Date"))
    if taken is None or written is None:
        return 0
    return (taken - written).total_seconds() / 86_400


def own_results(headers: Headers, receiving: Receiving = DEFAULT) -> list[Results]:
    """Return the results that count, topmost first."""
    fields = list(headers)
    return list(_believed(fields, _path(headers), receiving.hosts))


@lru_cache(maxsize=2)  # of one mail it is asked for several times
def _path(headers: Headers) -> Path:
    return incoming_path(list(headers))


def signature_tags(headers: Headers) -> list[dict[str, str]]:
    """Return the tags of every DKIM signature, topmost first (RFC 6376 §3.5); d= is an A-label, "" without one."""
    found = []
    for value in headers.all("DKIM-Signature"):
        parts = [part.partition("=") for part in value.split(";")]
        tags = {name.strip(): "".join(content.split()) for name, sign, content in parts if sign}
        found.append({**tags, "d": normal_domain(tags.get("d", ""))})
    return found


def _said_by(believed: Sequence[Results], fields: Sequence[tuple[str, str]], domain: str) -> Trust:
    if believed:
        return _verdict(believed, domain)
    given = any(name.lower() in {_FIELD, _ARC_FIELD} for name, _ in fields)
    return Trust("unknown", "untrusted_results" if given else "no_results")


def _behind(
    trust: Trust,
    believed: Sequence[Results],
    fields: Sequence[tuple[str, str]],
    path: Path,
    receiving: Receiving,
    domain: str,
) -> Trust:
    """Judge a mail for which our receiver does not vouch by who handed it over."""
    peer = peer_address(fields[path.end][1]) if path.hosts and path.end < len(fields) else None
    if is_listed("", peer, receiving.servers):
        return Trust("pass", "own_server")
    through = {_signer(one) for one in passed(believed, "dkim")} | {_envelope(one) for one in passed(believed, "spf")}
    named = [one for one in receiving.forwarders if any(is_listed(host, peer, [one]) for host in through | {""})]
    if not named:
        return trust
    inner = fields[path.end + 1 :]
    inner_path = incoming_path(inner)
    if not inner_path.hosts or not _is_theirs(inner_path.hosts[0], named):
        inner_path = Path((), 0)
    told = _said_by(list(_believed(inner, inner_path, inner_path.hosts)) if inner_path.hosts else [], (), domain)
    if told.verdict == "pass":
        return Trust("pass", f"forwarder_{told.reason}", told.domains)
    sealed = any(result.method == "arc" and result.value == "pass" for one in believed for result in one.results)
    return Trust("unknown", "forwarder_arc" if sealed else "forwarded")


def _is_theirs(host: str, forwarders: Sequence[str]) -> bool:
    """Whether a server is the forwarder's own; of one that is named by its address nothing but that is known."""
    by_address = any(network_of(one) is not None for one in forwarders)
    return by_address or any(is_same_organisation(host, normal_domain(one)) for one in forwarders)


def passed(believed: Iterable[Results], method: str) -> Iterator[Result]:
    """Yield the results of one method, such as "dkim", that are a pass."""
    return (one for results in believed for one in results.results if (one.method, one.value) == (method, "pass"))


def _envelope(result: Result) -> str:
    return normal_domain(result.domain("smtp.mailfrom", "smtp.mail", "smtp.helo"))


def _believed(fields: Sequence[tuple[str, str]], path: Path, named: tuple[str, ...]) -> Iterable[Results]:
    own = named or path.hosts
    providers = {provider for host in own if (provider := provider_of(host))}
    arc_seen = False
    found = []
    for name, value in fields[: path.end]:
        is_result = name.lower() == _FIELD
        if name.lower() == _ARC_FIELD and GOOGLE in providers and not arc_seen:
            arc_seen = is_result = True
        if is_result:
            found.append(parse_results(value))
    if not found and path.hosts:
        found.extend(_below(fields, path))
    if not own and found:
        own = (found[0].authserv_id,)  # nothing tells who took the mail
    return [one for one in found if _is_own(one, own, is_named=bool(named))]


def _below(fields: Sequence[tuple[str, str]], path: Path) -> list[Results]:
    """Return what a service wrote below its Received field: nothing of a stranger may stand before it."""
    host = path.hosts[-1]
    provider = provider_of(host)
    below = provider.below if provider else None
    if below is None or not _was_written(below, fields[path.end][1]):
        return []
    is_its_own = False
    for name, value in fields[path.end + 1 :]:
        if name.lower() == _FIELD:
            results = parse_results(value)
            return [results] if is_its_own and results.authserv_id == host else []
        if not below.between.fullmatch(name):
            break
        is_its_own = is_its_own or below.own.fullmatch(name) is not None
    return []


def _was_written(below: Below, received: str) -> bool:
    """Whether the service still wrote results below when it took the mail, by its own clock."""
    taken = received_date(received)
    return below.until is None or (taken is not None and taken.year < below.until)


def _is_own(results: Results, own: Sequence[str], *, is_named: bool) -> bool:
    """Whether a receiver's name stands in the field; `is_named`: it was given, so its relatives do not count."""
    said = normal_domain(results.authserv_id)
    for host in own:
        provider = provider_of(host)
        if not said:
            if provider is not None and not provider.names_itself:
                return True
            continue
        if is_within(said, host) or (provider is not None and provider is provider_of(said)):
            return True
        if not is_named and (is_within(host, said) or is_same_organisation(said, host)):
            return True
    return False


def _verdict(believed: Sequence[Results], domain: str) -> Trust:
    results = [result for one in believed for result in one.results]
    dmarc = {result.value for result in results if result.method == "dmarc" and _is_about(result, domain)}
    signed = {_signer(result) for result in results if result.method == "dkim" and result.value == "pass"} - {""}
    if "pass" in dmarc and len(dmarc) > 1:
        return Trust("unknown", "disagree")
    if dmarc & _REFUSED:
        return Trust("fail", "dmarc_fail")
    if dmarc == {"pass"}:
        return Trust("pass", "dmarc", frozenset({domain, *signed}))
    if any(_denies(one, signed) for one in believed):
        return Trust("unknown", "disagree")
    if any(is_same_organisation(signer, domain) for signer in signed):
        return Trust("pass", "dkim", frozenset(signed))
    return _no_pass(results, signed)


def _is_about(result: Result, domain: str) -> bool:
    """A failed result counts even when it does not name the From domain."""
    said = normal_domain(result.domain("header.from"))
    return said == domain or is_same_organisation(said, domain) or (not said and result.value != "pass")


def _signer(result: Result) -> str:
    return normal_domain(result.domain("header.d", "header.i"))


def _denies(one: Results, signed: Iterable[str]) -> bool:
    """Whether a field says of the mail, or of a domain that signed it for another field, that no signature holds."""
    dkim = [result for result in one.results if result.method == "dkim"]
    if not dkim or not signed or any(result.value == "pass" for result in dkim):
        return False
    return any(not _signer(result) or _signer(result) in signed for result in dkim)


def _no_pass(results: Sequence[Result], signed: set[str]) -> Trust:
    values = {method: {one.value for one in results if one.method == method} for method in ("dkim", "spf")}
    if values["dkim"] & _REFUSED and not signed and values["spf"] & _REFUSED:
        return Trust("fail", "dkim_and_spf_fail")
    if signed:
        return Trust("unknown", "not_aligned", frozenset(signed))
    if "pass" in values["spf"]:
        return Trust("unknown", "spf_only")
    return Trust("unknown", "no_pass")
