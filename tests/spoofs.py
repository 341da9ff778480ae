"""Mails that pretend to come from a network: every trick on copies of its own notifications.

`python tests/spoofs.py FOLDER` writes one of each trick; tests try all of them at every receiver.
"""

import base64
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

FIXTURES = Path(__file__).parents[1] / "fixtures" / "mails"
NETWORKS = {
    "facebook": ("facebook/page_comment_ru_new_layout", "Facebook <notification@facebookmail.com>", "facebookmail.com"),
    "vk": ("vk/comment_ru", "=?utf-8?b?0JLQmtC+0L3RgtCw0LrRgtC1?= <admin@notify.vk.com>", "notify.vk.com"),
    "ok": ("ok/topic_comment", "OK.RU <noreply@ok.ru>", "ok.ru"),
    "instagram": ("instagram/comment_en", "Instagram <no-reply@mail.instagram.com>", "mail.instagram.com"),
    "linkedin": ("linkedin/comment_en", "LinkedIn <notifications-noreply@linkedin.com>", "linkedin.com"),
    "youtube": ("youtube/comment_en", "YouTube <noreply@youtube.com>", "youtube.com"),
}
_DROPPED = re.compile(r"(?:authentication-results|received|from|arc-.*|dkim-signature|return-path)$", re.IGNORECASE)
_DATE = re.compile(r"\nDate: (?!Fri, 27 Nov 2026).*")  # an old one would be refused for its age alone
EVIL = "evil.example"
NOW = "Fri, 27 Nov 2026 10:00:00 +0000"


@dataclass(frozen=True)
class Receiver:
    """How a mail server writes down what it found: lines from the top, {peer} and {said} filled in."""

    host: str
    above: tuple[str, ...]
    said: str = "{host}; "


_RESULTS = "Authentication-Results: {said}"
_EXIM = "Received: from {peer} ([203.0.113.66] helo={peer}) by {host} with esmtp; " + NOW
_POSTFIX = "Received: from {peer} ({peer} [203.0.113.66]) by {host} (Postfix) with ESMTPS id 1; " + NOW
RECEIVERS = {
    "generic": Receiver("mx.example.net", (_RESULTS, _POSTFIX)),
    "mailru": Receiver("mxs.mail.ru", (_RESULTS, _EXIM)),
    "yandex": Receiver(
        "mxfront1a.mail.yandex.net",
        (_POSTFIX, "Return-Path: a@evil.example", "X-Yandex-Front: mxfront1a", _RESULTS),
    ),
    "gmail": Receiver(
        "mx.google.com",
        ("Received: by 2002:a05:6402:1:b0:1:2:3 with SMTP id x1; " + NOW, "ARC-Authentication-Results: i=1; {said}",
         _POSTFIX.replace("(Postfix) ", ""), "Received-SPF: pass", _RESULTS),
    ),
    "m365": Receiver(
        "AM1.mail.protection.outlook.com",
        ("Received: from AM1.prod.outlook.com (2603:10a6:20b::1) by DB2.prod.outlook.com with HTTPS; " + NOW, _RESULTS,
         "Received: from {peer} (203.0.113.66) by {host} (10.1.2.3) with SMTP; " + NOW),
        said="",
    ),
    "silent": Receiver("mx.example.net", (_POSTFIX,)),
    "yandex_today": Receiver(
        "mail-nwsmtp-mxfront-production-main-83.iva.yp-c.yandex.net",
        ("Received: from {host} ({host} [IPv6:2a02:6b8:c0c::1]) by back6d.mail.yandex.net (Yandex) with ESMTPS; " + NOW,
         _POSTFIX.replace("Postfix", "mxfront"), "X-Yandex-Fwd: 1", _RESULTS, "X-Yandex-Spam: 1"),
    ),
}  # fmt: skip
SILENT = {
    "silent_gmail": Receiver("mx.google.com", (_POSTFIX.replace("(Postfix) ", ""),)),
    "silent_gmail_spf": Receiver("mx.google.com", (_POSTFIX.replace("(Postfix) ", ""), "Received-SPF: none")),
    "silent_yandex": Receiver(
        "mxfront1a.mail.yandex.net",
        (_POSTFIX.replace("Postfix", "nwsmtp/Yandex"), "X-Yandex-Front: mxfront1a", "X-Yandex-Spam: 1"),
    ),
    "silent_yandex_today": Receiver(
        "mail-nwsmtp-mxfront-production-main-42.sas.yp-c.yandex.net",
        (_POSTFIX.replace("Postfix", "mxfront/Yandex"), "X-Yandex-Fwd: 1", "X-Yandex-Spam: 4"),
    ),
    "silent_mailru": Receiver("mx5.mail.ru", (_EXIM,)),
    "silent_m365": Receiver(
        "AM1.mail.protection.outlook.com",
        ("Received: from {peer} (203.0.113.66) by {host} (10.1.2.3) with SMTP; " + NOW,),
    ),
}
"""Receivers that wrote no results of their own: whatever a mail brings along is the sender's."""


@dataclass(frozen=True)
class Spoof:
    """One pretended mail: who it says it is from, what its sender wrote above the rest, what the receiver found."""

    network: str
    sender: str
    domain: str
    written: tuple[str, ...] = ()
    found: str = "dmarc=fail header.from={domain}; dkim=none; spf=pass smtp.mailfrom=evil.example"
    change: Callable[[str], str] = field(default=lambda mail: _DATE.sub("\nDate: " + NOW, mail, count=1))

    def raw(self, receiver: Receiver) -> bytes:
        """Return the mail as it lies in a mailbox of this receiver."""
        case = NETWORKS[self.network][0]
        head, _, body = (
            (FIXTURES / case / "mail.eml").read_bytes().decode("latin-1").replace("\r\n", "\n").partition("\n\n")
        )
        fields = [one for one in re.split(r"\n(?![ \t])", head) if not _DROPPED.match(one.partition(":")[0])]
        values = {"peer": "mail.evil.example", "host": receiver.host, "domain": self.domain}
        said = receiver.said.format(**values) + self.found.format(**values)
        lines = [line.format(**values, said=said) for line in receiver.above]
        written = [line.format(**values) for line in self.written]
        sender = [f"From: {self.sender}"] if self.sender else []
        mail = "\n".join([*lines, *written, *sender, *fields])
        return (
            self.change(f"{mail}\n\n{body}").replace("\n", "\r\n").encode("utf-8" if not mail.isascii() else "latin-1")
        )


GOOD = "dmarc=pass header.from={domain}; dkim=pass header.d={domain}; spf=pass smtp.mailfrom={domain}"
FORGED = "Authentication-Results: {host}; " + GOOD


def _own(network: str, sender: str, domain: str = EVIL, **more: object) -> Spoof:
    """A sender with a domain of his own, which passes everything."""
    return Spoof(network, sender, domain, found=GOOD, **more)  # type: ignore[arg-type]


def forged(network: str) -> Iterator[tuple[str, Spoof]]:
    """Yield mails with the network's own address, and what is written to make that believed."""
    _, sender, domain = NETWORKS[network]
    plain = Spoof(network, sender, domain)
    hop = "Received: from out.{domain} (out.{domain} [192.0.2.9]) by {host} with ESMTPS id 2; " + NOW
    tricks = {
        "plain": (),
        "forged_results": (FORGED,),
        "forged_results_below_a_forged_hop": (hop, FORGED),
        "forged_results_above_a_forged_hop": (FORGED, hop),
        "forged_results_between_forged_hops": (hop, FORGED, hop),
        "forged_results_many": (FORGED,) * 40,
        "forged_results_without_id": ("Authentication-Results: " + GOOD,),
        "forged_results_version": ("Authentication-Results: {host} 1; " + GOOD,),
        "forged_results_comment": ("Authentication-Results: ({host}) {host} (x) 1 (y); " + GOOD,),
        "forged_results_quoted": ('Authentication-Results: "{host}"; ' + GOOD,),
        "forged_results_encoded": ("Authentication-Results: =?utf-8?q?{host}?=; " + GOOD,),
        "forged_results_folded": ("Authentication-Results:\n {host};\n\t" + GOOD,),
        "forged_results_of_relatives": ("Authentication-Results: a.{host}; " + GOOD,),
        "forged_results_case": ("AUTHENTICATION-RESULTS: {host}; " + GOOD,),
        "forged_seal": ("ARC-Authentication-Results: i=1; {host}; " + GOOD,),
        "forged_seal_google": ("ARC-Authentication-Results: i=1; mx.google.com; " + GOOD, "Received-SPF: pass"),
        "forged_private_hop": ("Received: from localhost (localhost [127.0.0.1]) by {host}; " + NOW, FORGED),
        "forged_qmail_hop": ("Received: (qmail 42 invoked by uid 89); " + NOW, FORGED),
        "forged_lmtp_hop": ("Received: from {host} by {host} with LMTP id 1; " + NOW, FORGED),
        "copied_signature": ("DKIM-Signature: v=1; a=rsa-sha256; d={domain}; s=one; h=from; bh=eA==; b=eA==", FORGED),
        "sender_field": ("Sender: " + sender, "Return-Path: <x@{domain}>"),
        "yandex_signs": ("X-Yandex-Front: mxfront1a", FORGED),
        "blank_line_of_blanks": ("X-Filler: " + "x" * 2000, FORGED),
    }
    for name, written in tricks.items():
        yield name, replace(plain, written=written)
    yield from _misread(plain)
    yield from _of_two(network)
    yield from _addressed(network)


def _misread(plain: Spoof) -> Iterator[tuple[str, Spoof]]:
    """Yield mails of which the receiver's own results can be misread."""
    yield (
        "comment_in_results",
        replace(plain, found='dmarc=fail header.from={domain}; spf=pass (x") ; dmarc=pass header.from={domain} ("y)'),
    )
    yield (
        "mailfrom_in_results",
        replace(plain, found='spf=pass smtp.mailfrom="; dmarc=pass header.from={domain};"@evil.example; dmarc=none'),
    )
    yield "reason_in_results", replace(plain, found='spf=pass reason="dmarc=pass header.from={domain}"; dmarc=none')
    yield "best_guess", replace(plain, found="dmarc=bestguesspass header.from={domain}; dkim=none")
    yield (
        "temporary_error",
        replace(plain, found="dmarc=temperror header.from={domain}; dkim=temperror header.d={domain}"),
    )
    yield "spf_only", replace(plain, found="spf=pass smtp.mailfrom={domain}; dkim=none")
    yield (
        "foreign_signature",
        replace(plain, found="dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=evil.example"),
    )
    yield (
        "signature_of_a_longer_name",
        replace(plain, found="dkim=pass header.d={domain}.evil.example; dkim=pass header.d=x{domain}"),
    )


def _of_two(network: str) -> Iterator[tuple[str, Spoof]]:
    """Yield mails that have something twice, and genuine ones that are sent again."""
    _, sender, domain = NETWORKS[network]
    plain = Spoof(network, sender, domain)
    yield "two_from_fields", replace(plain, written=("From: Anna <a@evil.example>",), found=GOOD)
    yield "two_from_fields_turned", Spoof(network, "Anna <a@evil.example>", EVIL, (f"From: {sender}",), GOOD)
    yield "two_addresses", replace(plain, sender=f"{sender}, Anna <a@evil.example>", found=GOOD)
    yield "two_addresses_turned", replace(plain, sender=f"Anna <a@evil.example>, {sender}", found=GOOD)
    yield "group", replace(plain, sender=f"Friends: {sender};")
    yield "no_from", replace(plain, sender="", written=(f"Resent-From: {sender}", f"Sender: {sender}"))
    yield "old_genuine", replace(plain, found=GOOD, change=_aged)
    yield (
        "second_subject",
        replace(plain, found=GOOD, written=("Subject: Your page will be closed", "Date: " + NOW)),
    )
    yield "second_content_type", replace(plain, found=GOOD, written=("Content-Type: text/plain",))


def _addressed(network: str) -> Iterator[tuple[str, Spoof]]:
    """Yield From fields in which the network's address stands and is not the sender's, who passes everything."""
    _, sender, domain = NETWORKS[network]
    address = sender.rpartition("<")[2].rstrip(">")
    whole = base64.b64encode(f"{network} <{address}>".encode()).decode()
    shown = NAMES[network][0]
    fields = {
        "nul": f"{address}\0@evil.example",
        "line_break_in_name": f'"x\rFrom: {address}" <a@evil.example>',
        "encoded_line_break": f"=?utf-8?q?=0AFrom:_{address.replace('@', '=40')}=0A?= <a@evil.example>",
        "encoded_address": f"=?utf-8?b?{base64.b64encode(address.encode()).decode()}?= <a@evil.example>",
        "encoded_whole": f"=?utf-8?b?{whole}?=",
        "comment_before_the_at": f"{address}(comment)@evil.example",
        "comment_in_front": f"({address}) a@evil.example",
        "comment_inside": f"a@(x)evil.example(<{address}>)",
        "route": f"<@{domain}:a@evil.example>",
        "route_of_two": f"<@evil.example,@b.example:{address}>",
        "group_of_two": f"{network}:{address},a@evil.example;",
        "two_angles": f"<{address}> <a@evil.example>",
        "two_angles_turned": f"a@evil.example <{address}>",
        "quoted_local_part": f'"{address}"@evil.example',
        "quoted_local_part_turned": f'"a@evil.example"@{domain}',
        "percent": f"{address.replace('@', '%')}@evil.example",
        "bang": f"{domain}!a@evil.example",
        "dot_at_the_end": f"{address}.",
        "free_host": f"robot <robot@notify-{domain.replace('.', '-')}.github.io>",
        "nobody": "<>",
        "semicolon": f"{address}; a@evil.example",
        "encoded_domain": f"<notification@=?utf-8?b?{base64.b64encode(domain.encode()).decode()}?=>",
        "blanks_in_the_domain": f"<robot@ {domain} .evil.example>",
        "folded_domain": f"<robot@\n {domain}\n .evil.example>",
        "bare_return": f"Anna <a@evil.example>\rFrom: {address}",
        "comment_at_the_domain": f"robot(@{domain})@evil.example",
        "full_width_dot": f"<{address.replace('.', '。')}>",
        "name_in_utf_16": f"=?utf-16?b?{base64.b64encode(shown.encode('utf-16')).decode()}?= <a@evil.example>",
        "address_literal": "robot@[203.0.113.66]",
        "open_quote": f'"{network}\\" <a@evil.example>',
    }
    for name, written in fields.items():
        yield f"address_{name}", Spoof(network, written, EVIL, found=GOOD)
    yield (
        "address_line_break_in_a_field",
        Spoof(network, "Anna <a@evil.example>", EVIL, (f"X-A: b\rFrom: {address}\rX-C: d",), GOOD),
    )
    yield (
        "address_blank_before_the_colon",
        Spoof(network, sender, domain, ("Authentication-Results : {host}; " + GOOD,), found="dkim=none; dmarc=none"),
    )
    for name, found in {
        "of_a_subdomain": "dmarc=pass header.from={domain}.evil.example; dkim=none",
        "of_an_identity": 'dkim=pass header.i="x@{domain} @evil.example"; dmarc=none',
        "of_a_chain": "arc=pass (i=2 dmarc=pass fromdomain={domain}); dkim=none; dmarc=fail header.from={domain}",
        "of_one_signature": "dkim=fail header.d={domain}; dkim=pass header.d=evil.example; dmarc=none",
        "of_a_null_sender": "spf=none smtp.mailfrom=<>; spf=pass smtp.helo={domain}; dkim=none",
        "of_a_rewritten_envelope": "spf=pass smtp.mailfrom=SRS0=ab=cd={domain}=x@evil.example; dkim=none",
        "of_a_selector": "dkim=pass header.d=evil.example header.s={domain}; dmarc=none",
        "of_a_top_level_domain": "dkim=pass header.d=com; dkim=pass header.d=ru; dmarc=none",
        "of_an_envelope": "spf=pass smtp.mailfrom=a;dmarc=pass;header.from={domain}@evil.example; dkim=none",
    }.items():
        yield f"results_{name}", Spoof(network, sender, domain, found=found)


def _aged(mail: str) -> str:
    return re.sub(r"\nDate: .*", "\nDate: Mon, 2 Mar 2020 10:00:00 +0000", mail, count=1)


NAMES = {
    "facebook": ("Facebook", "Fаcebook", "F.a.c.e.b.o.o.k", "Face\u00adbook", "Faceb00k",
                 "notification@facebookmail.com",
                 "Anna via Facebook", "FacebookSecurity", "Facebook ✔"),
    "vk": ("ВКонтакте", "BКонтакте", "VK", "VК", "Уведомления ВКонтакте", "В К О Н Т А К Т Е",
           "admin@notify.vk.com", "vk.com"),
    "ok": ("Одноклассники", "Oдноклаccники", "OK.RU", "Odnoklassniki", "Однокласники"),
    "instagram": ("Instagram", "lnstagram", "Instagrarn", "ɪɴꜱᴛᴀɢʀᴀᴍ"),
    "linkedin": ("LinkedIn", "Linkedln", "L|nkedIn", "Anna via LinkedIn"),
    "youtube": ("YouTube", "YоuТubе", "You Tube"),
}  # fmt: skip
HOSTS = {
    "facebook": (
        "facebookmail.com.evil.example",
        "facebook-mail.example",
        "faceb00kmail.example",
        "xn--fcebook-8va.example",
    ),
    "vk": ("vk-com.example", "notify.vk.com.evil.example", "notify-vk.example", "xn--80adksbqg7ac.example"),
    "ok": ("ok-ru.example", "ok.ru.evil.example"),
    "instagram": ("mail-instagram.example", "instagrarn.example"),
    "linkedin": ("linkedln.example", "linkedin.com.evil.example"),
    "youtube": ("youtube-noreply.example", "y0utube.example"),
}


def disguised(network: str) -> Iterator[tuple[str, Spoof]]:
    """Yield mails from domains of the sender's own, authenticated, that look like the network."""
    for number, name in enumerate(NAMES[network]):
        yield f"name_{number}", _own(network, f'"{name}" <robot@evil.example>')
    for number, host in enumerate(HOSTS[network]):
        yield f"host_{number}", _own(network, f"Anna <robot@{host}>", host)
        yield f"bare_host_{number}", _own(network, f"robot@{host}", host)
    shown = NAMES[network][0]
    yield "name_as_comment", _own(network, f"robot@evil.example ({shown})")
    yield "name_as_group", _own(network, f"{shown}: robot@evil.example;")
    yield "reply_to", _own(network, f'"{shown}" <robot@evil.example>', written=(f"Reply-To: {NETWORKS[network][1]}",))
    yield "address_before_the_at", _own(network, f"{NETWORKS[network][2]}@evil.example")


def all_of(network: str) -> Iterator[tuple[str, Spoof]]:
    """Yield every trick for a network."""
    yield from forged(network)
    yield from disguised(network)


def main(folder: Path) -> None:
    """Write every trick once, the networks and receivers in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    receivers = list(RECEIVERS)
    tricks = {name: one for network in NETWORKS for name, one in forged(network) if network == "facebook"}
    rest = {f"{network}_{name}": one for network in NETWORKS for name, one in disguised(network)}
    networks = list(NETWORKS)
    for number, (name, one) in enumerate([*tricks.items(), *rest.items()]):
        network = one.network if name in rest else networks[number % len(networks)]
        spoof = rest[name] if name in rest else dict(forged(network))[name]
        receiver = receivers[number % 5]
        (folder / f"{network}_{receiver}_{name.removeprefix(network + '_')}.eml").write_bytes(
            spoof.raw(RECEIVERS[receiver])
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
