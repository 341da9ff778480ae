"""From a real mail to a fixture: exchanged, read, held against the original."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mailbridge.mailbox.decode import Undecodable, decode
from mailbridge.pipeline.parsing import TrustRules
from mailbridge.sdk import Address, Mail, Parser, fold, is_robot, phones_in
from mailbridge.testing.anonymise.fakes import Fakes
from mailbridge.testing.anonymise.mail import rewrite_mail
from mailbridge.testing.anonymise.secrets import Secrets, secrets_of
from mailbridge.testing.anonymise.text import Rewriter
from mailbridge.testing.anonymise.vocabulary import is_of_a_network, known_words
from mailbridge.testing.expecting import expectation

_SHAPELESS = frozenset({"id", "language", "occurred_at"})


@dataclass(frozen=True, slots=True)
class Fixture:
    """A mail that may be published.

    Attributes:
        raw: Its bytes.
        expected: What it gives, for `expected.json`.
        differs: Where it reads differently than the original; empty when the record has the same shape.
        survived: What is left of the original: nothing, else the fixture may not be published.
        is_lenient: Words that only look like names had to stay, or the parser would not know the mail again.
    """

    raw: bytes
    expected: dict[str, Any]
    differs: tuple[str, ...]
    survived: tuple[str, ...]
    is_lenient: bool = False


def anonymised(
    raw: bytes,
    parsers: Sequence[Parser],
    rules: TrustRules | None = None,
    *,
    keep: Iterable[str] = (),
    seed: int | None = None,
) -> Fixture:
    """Return the fixture of a mail.

    Args:
        raw: The mail.
        parsers: All parsers: what they read tells what is personal.
        rules: What is asked of its sender.
        keep: Words and domains that are nobody's secret.
        seed: See `Fakes`.

    Raises:
        Undecodable: There is no mail in the bytes.
    """
    mail = decode(raw)
    before = expectation(raw, parsers, rules)
    kept = frozenset(part for word in keep for part in _parts(fold(word)))
    secrets = secrets_of(mail, before["interests"], kept)
    for strict in (True, False):
        rewriter = Rewriter(secrets, Fakes(seed, secrets.names), keep=kept, strict=strict)
        fresh = rewrite_mail(raw, rewriter)
        after = expectation(fresh, parsers, rules)
        differs = tuple(different(before, after))
        if not differs:
            break
    return Fixture(fresh, after, differs, tuple(survivors(mail, secrets, fresh, kept)), is_lenient=not strict)


def _parts(word: str) -> Iterable[str]:
    """Yield what is kept with a word: of a domain also what it is called, which its programs have for a name."""
    yield word
    if "." in word:
        yield from re.findall(r"[^\W\d_]{2,}", word.rpartition(".")[0])


def different(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return where two records differ in shape: outcome, kinds, which fields are filled, how many of each."""
    old, new = dict(_shape(before, "")), dict(_shape(after, ""))
    return [
        f"{place}: {old.get(place, 'nothing')} → {new.get(place, 'nothing')}"
        for place in sorted({*old, *new})
        if old.get(place) != new.get(place)
    ]


def _shape(value: Any, place: str) -> Iterable[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in _SHAPELESS:
                yield from _shape(inner, f"{place}.{key}" if place else key)
    elif isinstance(value, list):
        yield place, f"{len(value)} entries"
        for number, inner in enumerate(value):
            yield from _shape(inner, f"{place}[{number}]")
    elif place.rpartition(".")[2] in {"outcome", "reason", "parser", "kind", "channel", "network", "method", "rating"}:
        yield place, str(value)
    else:
        yield place, "nothing" if value is None else "something"


def survivors(mail: Mail, secrets: Secrets, fresh: bytes, keep: frozenset[str] = frozenset()) -> list[str]:
    """Return what of the original can still be read in the fixture."""
    try:
        seen = _all_of(decode(fresh))
    except Undecodable:
        seen = fresh.decode("latin-1")
    folded = fold(seen)
    words = set(re.findall(r"[^\W\d_]+", folded))
    digits = re.sub(r"\D", "", seen)
    allowed = known_words() | keep
    found = [name for name in secrets.names if len(name) > 2 and name in words and name not in allowed]
    found += [phrase for phrase in secrets.phrases if _says_much(phrase, allowed) and phrase in folded]
    found += [one for one in phones_in(_all_of(mail)) if one[-7:] in digits]
    found += [
        address.email
        for address in (*mail.senders, *mail.reply_to, *mail.recipients)
        if address.email
        and address.email in folded
        and not is_of_a_network(address.email)
        and not _is_kept(address, keep)
    ]
    return list(dict.fromkeys(found))


def _is_kept(address: Address, keep: frozenset[str]) -> bool:
    """Whether an address is that of a program at a domain, or a person, that was named as nobody's secret."""
    box = address.email.rpartition("@")[0]
    is_known = any(address.is_of(one) for one in keep)
    return is_known and (box in keep or is_robot(address.email))


def _says_much(phrase: str, allowed: frozenset[str]) -> bool:
    """Whether a phrase could tell who wrote it: a date or a common word does not."""
    return sum(len(word) > 3 and word not in allowed for word in re.findall(r"[^\W\d_]+", phrase)) >= 2


def _all_of(mail: Mail) -> str:
    heads = "\n".join(value for _, value in mail.headers)
    return "\n".join([heads, mail.text, mail.html.text, mail.html_source, *(_all_of(inner) for inner in mail.inner)])
