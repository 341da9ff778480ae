"""What a parse process runs: bytes → outcome. Also used in process by commands that read few mails."""

import resource
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from mailbridge.ledger.raws import Packed
from mailbridge.mailbox.decode import Limits, Undecodable, decode
from mailbridge.mailbox.dkim_check import (
    Keys,
    Signature,
    check_signatures,
    from_text,
    key_names,
    to_text,
    with_signatures,
)
from mailbridge.mailbox.receiving import DEFAULT, Receiving
from mailbridge.mailbox.trust import weighed
from mailbridge.pipeline.drift import Outline, outline_of
from mailbridge.pipeline.labelling import NO_LABELLING, Labelling
from mailbridge.pipeline.parsing import Reading, TrustRules, read_mail
from mailbridge.pipeline.routing import Router
from mailbridge.recipes.folder import NONE as NO_RECIPES
from mailbridge.recipes.folder import Recipes
from mailbridge.registry import make_parsers
from mailbridge.sdk import Mail, Parser, Trust, cut
from mailbridge.sdk.mail import mail_id_of

_USUAL = Limits()


@dataclass(frozen=True, slots=True)
class Job:
    """One mail to read; see `decode` for most fields.

    Attributes:
        signatures: What was found of its signatures when it was read first; see `dkim_check.to_text`.
        keys: What was looked up for it just now.
    """

    mail_id: str
    packed: Packed
    received_at: datetime | None = None
    mailbox: str | None = None
    receiving: Receiving = DEFAULT
    size: int | None = None
    seen_at: datetime | None = None
    signatures: str | None = None
    keys: Keys | None = None

    @property
    def raw(self) -> bytes:
        """The raw bytes, unpacked anew each time."""
        return self.packed.raw


@dataclass(frozen=True, slots=True)
class Read:
    """How one mail was read, with what decoding found for listings, and what its template looks like.

    Attributes:
        keys_wanted: Names of records with which it could be read better.
    """

    mail_id: str
    reading: Reading
    facts: tuple[tuple[str, str | None], ...] = ()
    outline: Outline | None = None
    keys_wanted: tuple[str, ...] = ()


def read_raw(
    job: Job, router: Router, rules: TrustRules, labelling: Labelling = NO_LABELLING, limits: Limits = _USUAL
) -> Read:
    """Read one mail; never raises."""
    try:
        return _read(job, router, rules, labelling, limits)
    except MemoryError:
        return Read(job.mail_id, out_of_memory(limits))


def out_of_memory(limits: Limits) -> Reading:
    """Return the outcome of a mail that took more memory than a process has."""
    return Reading("quarantined", "memory_exceeded", detail=f"not read within {limits.worker_bytes} bytes of memory")


def out_of_time(limits: Limits) -> Reading:
    """Return the outcome of a mail that took longer to read than a mail may."""
    return Reading("quarantined", "parse_timeout", detail=f"not read within {limits.parse_s:g} s")


def _read(job: Job, router: Router, rules: TrustRules, labelling: Labelling, limits: Limits) -> Read:
    raw = job.raw
    try:
        mail = decode(
            raw,
            received_at=job.received_at,
            seen_at=job.seen_at,
            mailbox=job.mailbox,
            receiving=job.receiving,
            size=job.size,
            limits=limits,
        )
    except Undecodable as error:
        return Read(job.mail_id, Reading("quarantined", error.reason, detail=error.detail))
    mail, kept = _verified(mail, job, raw)
    wanted = key_names(mail) if job.keys is None and job.signatures is None and mail.size == len(raw) else ()
    reading = read_mail(mail, router, rules)
    return Read(
        job.mail_id,
        labelling.reading(reading),
        (*_facts(mail, reading.trust), *kept),
        outline_of(mail, reading),
        wanted,
    )


def _verified(mail: Mail, job: Job, raw: bytes) -> tuple[Mail, tuple[tuple[str, str], ...]]:
    """Return the mail with what its signatures are worth, and what the ledger keeps of that."""
    if job.signatures is not None:
        return replace(mail, trust=_weighed(mail, job, *from_text(job.signatures))), ()
    if job.keys is None:
        return mail, ()
    found = check_signatures(raw, mail.headers, job.keys)
    better = replace(mail, trust=_weighed(mail, job, found, job.keys))
    if better.trust.reason == "key_later":
        return better, ()  # asked for again
    return better, (("signatures", to_text(found, job.keys)),)


def _weighed(mail: Mail, job: Job, found: Sequence[Signature], keys: Keys) -> Trust:
    return weighed(with_signatures(mail, found, keys), mail.headers, job.receiving)


def job_of(raw: bytes, *, size: int | None = None, **more: Any) -> Job:
    """Return the job of a mail that is in no ledger."""
    return Job(mail_id_of(raw, size), Packed(None, raw), size=size, **more)


def _facts(mail: Mail, trust: Trust) -> tuple[tuple[str, str | None], ...]:
    return (
        ("content_id", mail.content_id),
        ("message_id", cut(mail.message_id, 500) if mail.message_id else None),
        ("sender", cut(mail.sender.email, 320) or None),
        ("subject", cut(mail.subject, 500) or None),
        ("trust", trust.verdict),
        ("trust_reason", trust.reason),
    )


_tables: Mapping[str, Mapping[str, Any]]
_rules: TrustRules
_labelling: Labelling
_limits: Limits


def begin(
    tables: Mapping[str, Mapping[str, Any]],
    rules: TrustRules,
    labelling: Labelling = NO_LABELLING,
    limits: Limits = _USUAL,
) -> None:
    """Prepare a parse process: parsers, limits. A bomb meets a MemoryError here, not in the daemon."""
    global _tables, _rules, _labelling, _limits
    resource.setrlimit(resource.RLIMIT_AS, (limits.worker_bytes, limits.worker_bytes))
    signal.signal(signal.SIGALRM, _give_up)
    _tables, _rules, _labelling, _limits = tables, rules, labelling, limits
    _own_router.cache_clear()
    _own_router(NO_RECIPES)


def work(jobs: Sequence[Job], recipes: Recipes = NO_RECIPES) -> list[Read]:
    """Read a chunk of mails in a parse process that `begin` prepared, with the recipes of this moment."""
    router = _own_router(recipes)
    return [_in_time(job, router) for job in jobs]


class _TooLong(BaseException):  # no part of a parser may take it for an error of its own
    """The time of a mail is over."""


def _give_up(_signal: int, _frame: object) -> None:
    raise _TooLong


def _in_time(job: Job, router: Router) -> Read:
    """Read one mail; what takes too long ends here, without the process and without its neighbours.

    Whoever kills the process later is for what does not listen to signals.
    """
    try:
        signal.setitimer(signal.ITIMER_REAL, _limits.parse_s)
        try:
            return read_raw(job, router, _rules, _labelling, _limits)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except _TooLong:
        return Read(job.mail_id, out_of_time(_limits))


@lru_cache(maxsize=2)
def _own_router(recipes: Recipes) -> Router:
    return router_of(_tables, recipes)


def router_of(
    tables: Mapping[str, Mapping[str, Any]], recipes: Recipes = NO_RECIPES, *, asks_all: bool = False
) -> Router:
    """Return the choice among all parsers: installed ones and recipes."""
    own = cast("list[Parser]", recipes.parsers())  # its class variables are those of one object
    return Router([*make_parsers(tables), *own], asks_all=asks_all)
