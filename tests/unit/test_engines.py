"""The engines that read mails every day give what the reference engines, mail-parser and beautifulsoup4, give."""

import dataclasses
import os
from pathlib import Path

import pytest

from mailbridge.mailbox.decode import Undecodable, decode
from mailbridge.mailbox.engines import reference, standard
from mailbridge.pipeline.parsing import TrustRules, read_mail
from mailbridge.pipeline.routing import Router
from mailbridge.registry import make_parsers
from mailbridge.sdk.markup import use_reference_engine
from mailbridge.testing.fixtures import cases

SAMPLES = Path(__file__).resolve().parents[2] / os.environ.get("MAILBRIDGE_SAMPLES", "../shared")
CASES = list(cases())
ABOUT_ENGINES = {"engine_failed", "engine_skipped"}


@pytest.fixture(scope="module")
def router():
    return Router(make_parsers({}))


def seen(raw, parse, router):
    """Return all that one pair of engines makes of a mail."""
    try:
        mail = decode(raw, parse=parse)
    except Undecodable as error:
        return error.reason, error.detail
    fields = {field.name: getattr(mail, field.name) for field in dataclasses.fields(mail)}
    fields |= {"headers": list(mail.headers), "defects": set(mail.defects) - ABOUT_ENGINES, "inner": len(mail.inner)}
    html = [mail.html.text, mail.html.layout, [(link.href, link.text) for link in mail.html.links]]
    return fields, html, read_mail(mail, router, TrustRules())


def both(raw, router):
    fast = seen(raw, standard, router)
    use_reference_engine(on=True)
    try:
        return fast, seen(raw, reference, router)
    finally:
        use_reference_engine(on=False)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_engines_agree_on_every_fixture(case, router):
    fast, slow = both(case.raw, router)
    assert fast == slow


@pytest.mark.samples
@pytest.mark.slow
@pytest.mark.skipif(not (SAMPLES / "corpus").is_dir(), reason="needs the samples")
def test_engines_agree_on_samples_and_corpus(router):
    paths = [path for name in ("samples", "corpus") for path in sorted((SAMPLES / name).rglob("*")) if _is_mail(path)]
    differ = [path.name for path in paths if len(set(map(repr, both(path.read_bytes(), router)))) > 1]
    assert not differ


def _is_mail(path: Path) -> bool:
    return path.is_file() and path.suffix not in {".json", ".md", ".txt", ".py"}
