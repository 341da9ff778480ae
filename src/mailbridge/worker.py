"""What a parse process runs: bytes → outcome. Also used in process by commands that read few mails."""

import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from mailbridge.mailbox.decode import Undecodable, decode
from mailbridge.mailbox.receiving import DEFAULT, Receiving
from mailbridge.pipeline.drift import Outline, outline_of
from mailbridge.pipeline.labelling import NO_LABELLING, Labelling
from mailbridge.pipeline.parsing import Reading, TrustRules, read_mail
from mailbridge.pipeline.routing import Router
from mailbridge.recipes.folder import NONE as NO_RECIPES
from mailbridge.recipes.folder import Recipes
from mailbridge.registry import make_parsers
from mailbridge.sdk import Mail, Parser, cut
from mailbridge.sdk.mail import mail_id_of

MEMORY_BYTES = 1024 * 1024 * 1024
"""Address space of a parse process: a bomb meets a MemoryError there, not in the daemon."""


@dataclass(frozen=True, slots=True)
class Job:
    """One mail to read; see `decode` for the fields."""

    mail_id: str
    raw: bytes
    received_at: datetime | None = None
    mailbox: str | None = None
    receiving: Receiving = DEFAULT
    size: int | None = None
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """How one mail was read, with what decoding found for listings, and what its template looks like."""

    mail_id: str
    reading: Reading
    facts: tuple[tuple[str, str | None], ...] = ()
    outline: Outline | None = None


def read_raw(job: Job, router: Router, rules: TrustRules, labelling: Labelling = NO_LABELLING) -> Read:
    """Read one mail; never raises."""
    try:
        mail = decode(
            job.raw,
            received_at=job.received_at,
            seen_at=job.seen_at,
            mailbox=job.mailbox,
            receiving=job.receiving,
            size=job.size,
        )
    except Undecodable as error:
        return Read(job.mail_id, Reading("quarantined", error.reason, detail=error.detail))
    reading = read_mail(mail, router, rules)
    return Read(job.mail_id, labelling.reading(reading), _facts(mail), outline_of(mail, reading))


def job_of(raw: bytes, *, size: int | None = None, **more: Any) -> Job:
    """Return the job of a mail that is in no ledger."""
    return Job(mail_id_of(raw, size), raw, size=size, **more)


def _facts(mail: Mail) -> tuple[tuple[str, str | None], ...]:
    return (
        ("content_id", mail.content_id),
        ("message_id", cut(mail.message_id, 500) if mail.message_id else None),
        ("sender", cut(mail.sender.email, 320) or None),
        ("subject", cut(mail.subject, 500) or None),
        ("trust", mail.trust.verdict),
        ("trust_reason", mail.trust.reason),
    )


_tables: Mapping[str, Mapping[str, Any]]
_rules: TrustRules
_labelling: Labelling


def begin(tables: Mapping[str, Mapping[str, Any]], rules: TrustRules, labelling: Labelling = NO_LABELLING) -> None:
    """Prepare a parse process: parsers, limits."""
    global _tables, _rules, _labelling
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    _tables, _rules, _labelling = tables, rules, labelling
    _own_router.cache_clear()
    _own_router(NO_RECIPES)


def work(jobs: Sequence[Job], recipes: Recipes = NO_RECIPES) -> list[Read]:
    """Read a chunk of mails in a parse process that `begin` prepared, with the recipes of this moment."""
    router = _own_router(recipes)
    return [read_raw(job, router, _rules, _labelling) for job in jobs]


@lru_cache(maxsize=2)
def _own_router(recipes: Recipes) -> Router:
    return router_of(_tables, recipes)


def router_of(
    tables: Mapping[str, Mapping[str, Any]], recipes: Recipes = NO_RECIPES, *, asks_all: bool = False
) -> Router:
    """Return the choice among all parsers: installed ones and recipes."""
    own = cast("list[Parser]", recipes.parsers())  # its class variables are those of one object
    return Router([*make_parsers(tables), *own], asks_all=asks_all)
