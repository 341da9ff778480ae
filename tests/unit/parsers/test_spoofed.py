"""No pretended mail becomes an interest of a network, or carries a good word about its sender."""

from itertools import zip_longest
from pathlib import Path

import pytest

import spoofs
from mailbridge.mailbox.receiving import PROFILES, Receiving
from mailbridge.pipeline.parsing import TrustRules
from mailbridge.registry import parser_types
from mailbridge.worker import job_of, read_raw, router_of

ROOT = Path(__file__).parents[3]

FOLDER = ROOT / "fixtures" / "spoofed"
ROUTER = router_of({})
SOCIAL = {name for name, kind in parser_types().items() if kind.manifest.trust == "require"}


def problem(raw, receiver=None):
    read = read_raw(job_of(raw, receiving=Receiving(receiver)), ROUTER, TrustRules())
    interests = read.reading.interests
    if any(one.source.network in SOCIAL or one.source.channel == "social" for one in interests):
        return f"an interest in {interests[0].source.network}"
    if dict(read.facts).get("trust") == "pass" or any(one.mail.trust.verdict == "pass" for one in interests):
        return f"a good word: {read.reading.outcome} {dict(read.facts).get('trust_reason')}"
    return None


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.eml")), ids=lambda path: path.stem)
def test_a_mail_of_the_folder(path):
    assert problem(path.read_bytes()) is None


def test_the_folder_holds_many():
    assert len(list(FOLDER.glob("*.eml"))) >= 60


@pytest.mark.parametrize("place", [*spoofs.RECEIVERS, *spoofs.SILENT])
def test_every_trick_at_every_receiver(place):
    """Each trick with one network in turn."""
    wrong = {}
    receiver = {**spoofs.RECEIVERS, **spoofs.SILENT}[place]
    tricks = [list(spoofs.all_of(network)) for network in spoofs.NETWORKS]
    for number, several in enumerate(zip_longest(*tricks)):
        for name, spoof in filter(None, several[number % len(tricks) :][:1]):
            for named in (None, place if place in PROFILES else receiver.host):
                if found := problem(spoof.raw(receiver), named):
                    wrong[f"{place} {name} receiver={named}"] = found
    assert wrong == {}


@pytest.mark.parametrize("network", spoofs.NETWORKS)
def test_the_same_mail_is_read_when_it_is_genuine(network):
    """Else the tricks would prove nothing: they would fail for another reason."""
    _, sender, domain = spoofs.NETWORKS[network]
    spoof = spoofs.Spoof(network, sender, domain, found=spoofs.GOOD)
    for place, receiver in spoofs.RECEIVERS.items():
        if place != "silent":
            read = read_raw(job_of(spoof.raw(receiver)), ROUTER, TrustRules())
            assert (place, read.reading.outcome) == (place, "parsed"), read.reading
            assert read.reading.interests[0].mail.trust.verdict == "pass"


def test_ten_thousand_forged_results_are_no_trouble():
    network, sender, domain = "facebook", *spoofs.NETWORKS["facebook"][1:]
    many = spoofs.Spoof(network, sender, domain, written=(spoofs.FORGED,) * 10_000)
    assert problem(many.raw(spoofs.RECEIVERS["generic"])) is None


def test_read_under_label_a_strangers_good_word_is_none_about_the_network():
    spoof = spoofs.Spoof("facebook", "Anna <a@evil.example>", spoofs.EVIL, found=spoofs.GOOD)
    rules = TrustRules(by_parser={"facebook": "label"})
    read = read_raw(job_of(spoof.raw(spoofs.RECEIVERS["generic"])), router_of({}), rules)
    assert [one.mail.trust.reason for one in read.reading.interests] == ["not_aligned"]
