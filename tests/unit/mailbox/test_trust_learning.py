"""What a mailbox tells about the way its mails come: a hint for the person who configures it."""

import pytest

from mailbridge.mailbox.receiving import Receiving
from mailbridge.mailbox.trust_learning import learn

OWN = "Received: from {peer} ({peer} [{ip}]) by mx.example.net (Postfix) with ESMTPS id 1"
SAID = "Authentication-Results: mx.example.net; {results}"
SIGNED = "DKIM-Signature: v=1; a=rsa-sha256; d={domain}; s=one; h=from; bh=eA==; b=eA=="


def mail(*lines):
    return "\r\n".join([*lines, "Subject: x", "", "text", ""]).encode()


def direct(domain, results="dkim=pass header.d={domain}; dmarc=pass header.from={domain}"):
    return mail(
        SAID.format(results=results.format(domain=domain)),
        OWN.format(peer=f"out.{domain}", ip="203.0.113.5"),
        SIGNED.format(domain=domain),
        f"From: a@{domain}",
    )


def forwarded(domain, *, broken, there=""):
    dkim = "fail" if broken else "pass"
    inner = [f"Authentication-Results: mx.partner.example; {there}"] if there else []
    return mail(
        SAID.format(results=f"dkim={dkim} header.d={domain}; spf=pass smtp.mailfrom=x@partner.example; dmarc={dkim} "
                            f"header.from={domain}"),
        OWN.format(peer="mail.partner.example", ip="203.0.113.80"),
        *inner,
        f"Received: from out.{domain} (out.{domain} [203.0.113.5]) by mx.partner.example (Postfix) with ESMTPS id 2",
        "X-Forwarded-To: leads@example.net",
        SIGNED.format(domain=domain),
        f"From: a@{domain}",
    )  # fmt: skip


def test_a_mailbox_in_which_everything_is_as_it_should_be():
    learned = learn([direct("shop.example"), direct("other.example")])
    assert (learned.mails, learned.profile, learned.receiver) == (2, "generic", "mx.example.net")
    assert learned.verdicts == {"pass": 2}
    assert learned.forwarders == learned.advice == ()


def test_the_profile_of_a_known_service():
    mailru = "Received: from [203.0.113.5] (port=54884 helo=out.shop.example) by mx5.mail.ru with esmtp"
    said = "Authentication-Results: mxs.mail.ru; dmarc=pass header.from=a@shop.example"
    learned = learn([mail(said, mailru, "From: a@shop.example")] * 9 + [direct("shop.example")])
    assert (learned.profile, learned.profile_mails, learned.receiver) == ("mailru", 9, "mailru")
    assert learn([direct("shop.example"), mail(said, mailru, "From: a@shop.example")]).profile is None


def test_a_wrong_receiver_in_the_configuration_is_told():
    learned = learn([direct("shop.example")] * 3, Receiving("mx.other.example"))
    assert not learned.fits
    assert learned.advice == (
        'receiver = "mx.other.example" finds fewer verdicts than the mails hold: write receiver = "mx.example.net"',
    )


def test_a_forwarder_that_breaks_signatures_is_named_with_its_evidence():
    there = "dmarc=pass header.from={0}"
    broken = [
        forwarded(domain, broken=True, there=there.format(domain)) for domain in ("a.example", "b.example", "c.example")
    ]
    learned = learn([*broken, direct("shop.example")])
    (one,) = learned.forwarders
    assert (one.host, one.mails, one.signed, one.broken, one.vouched_there) == ("partner.example", 3, 3, 3, 3)
    assert one.breaks_dkim
    assert not one.is_named
    assert 'forwarders = ["partner.example"]; its own results vouch for 3 of them' in learned.advice[0]
    named = learn(broken, Receiving(forwarders=("partner.example",)))
    assert named.verdicts == {"pass": 3}
    assert named.reasons == {"forwarder_dmarc": 3}
    assert named.advice == ()


def test_a_forwarder_that_keeps_signatures_is_no_trouble():
    learned = learn([forwarded(f"{name}.example", broken=False) for name in "abcd"])
    assert [one.breaks_dkim for one in learned.forwarders] == [False]
    assert learned.advice == ()


def test_two_broken_signatures_are_too_few_to_blame_anybody():
    learned = learn([forwarded("a.example", broken=True), forwarded("b.example", broken=True)])
    assert not learned.forwarders[0].breaks_dkim


def test_a_server_that_checks_nothing():
    lines = (OWN.format(peer="out.shop.example", ip="203.0.113.5"), "From: a@shop.example")
    learned = learn([mail(SIGNED.format(domain="shop.example"), *lines), mail(*lines)])
    assert learned.with_results == 0
    (advice,) = learned.advice
    assert advice.startswith("2 of 2 mails carry no results of your own mail server: let it check DKIM and DMARC")
    assert advice.endswith("1 of them are signed, which [trust] dkim checks here")


@pytest.mark.parametrize(
    "raw", [b"", b"\0\xff", b"From: a@b\r\n" * 2000, b"Received: by\r\nReceived:\r\n\r\n", b":" * 9]
)
def test_nothing_in_a_mail_stops_it(raw):
    assert learn([raw, direct("shop.example")]).mails == 2
