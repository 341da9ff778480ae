"""Threats with their controls; for each control a bug that takes it out, and the tests that must then fail."""

import dataclasses
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from unittest import mock


@dataclass(frozen=True, slots=True)
class Threat:
    """One row of docs/threats.md.

    Attributes:
        name: What somebody may try.
        control: What keeps it from working.
        tests: Which tests say so: file::function below tests/.
        broken: What the planted bug does, in words.
        plant: Takes the control out, before any test is loaded.
    """

    name: str
    control: str
    tests: tuple[str, ...]
    broken: str
    plant: Callable[[], None]

    @property
    def row(self) -> str:
        return f"| {self.name} | {self.control} | {'<br>'.join(f'`{one}`' for one in self.tests)} | {self.broken} |"


THREATS: list[Threat] = []


def threat(name: str, control: str, tests: str, broken: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def keep(plant: Callable[[], None]) -> Callable[[], None]:
        THREATS.append(Threat(name, control, tuple(tests.split()), broken, plant))
        return plant

    return keep


def replace(target: str, value: object) -> None:
    """Replace an attribute for good: the process runs the tests of one bug and ends."""
    mock.patch(target, value).start()


# Who is believed


@threat(
    "forged Authentication-Results below those of our receiver",
    "only what stands above the hand-over counts",
    "unit/mailbox/test_trust.py::test_forged_results_do_not_count",
    "the trusted zone has no end",
)
def zone_without_end():
    from mailbridge.mailbox import trust

    whole = trust.incoming_path
    replace(
        "mailbridge.mailbox.trust.incoming_path", lambda fields: dataclasses.replace(whole(fields), end=len(fields))
    )


@threat(
    "results hidden in comments",
    "comments are cut before anything is read",
    "unit/mailbox/test_trust.py::test_a_sender_cannot_write_into_a_verdict fuzzing/test_fuzzing.py::test_a_round_holds",
    "comments stay",
)
def comments_count():
    replace("mailbridge.mailbox.trust_results.without_comments", lambda text: text.replace("(", ";").replace(")", ";"))


@threat(
    "names and hosts that look like a network's",
    "skeletons of what people see are compared",
    "unit/pipeline/test_impersonation.py::test_what_looks_alike_has_one_skeleton",
    "letters are compared as they are",
)
def no_skeleton():
    replace("mailbridge.sdk.lookalikes.skeleton", str.casefold)


@threat(
    "spoofed notifications of networks",
    "a network is believed when our receiver vouches for its domain",
    "unit/parsers/test_spoofed.py::test_every_trick_at_every_receiver",
    "nobody is asked for",
)
def trust_not_required():
    replace("mailbridge.pipeline.parsing._require_trust", lambda *_: None)
    replace("mailbridge.pipeline.parsing._refuse_impersonation", lambda *_: None)


@threat(
    "text added below what was signed",
    "a signature of a beginning (l=) proves nothing",
    "unit/mailbox/test_dkim_check.py::test_what_is_signed_too_loosely_proves_nothing",
    "l= is not looked at",
)
def beginning_signed():
    from mailbridge.mailbox import dkim_check

    whole = dkim_check._value
    replace(
        "mailbridge.mailbox.dkim_check._value",
        lambda raw, place, tags, *more: whole(raw, place, {key: tags[key] for key in tags if key != "l"}, *more),
    )


@threat(
    "a genuine mail sent once more, long after",
    "one written long before our server took it is not believed",
    "unit/parsers/test_spoofed.py::test_a_mail_of_the_folder",
    "all mails are new",
)
def never_old():
    replace("mailbridge.mailbox.trust._age_days", lambda _headers: 0)


@threat(
    "a stranger who writes like a forwarder",
    "only servers of the named forwarder speak for it",
    "unit/mailbox/test_trust_forwarders.py::test_who_only_claims_to_be_the_forwarder_is_not_believed "
    "unit/mailbox/test_trust_forwarders.py::test_what_a_stranger_wrote_before_the_forwarder_is_not_believed",
    "any server is the forwarder's",
)
def any_forwarder():
    replace("mailbridge.mailbox.trust._is_theirs", lambda *_: True)
    replace("mailbridge.mailbox.trust.is_listed", lambda *_: True)


# The mail server


@threat(
    "a second command in a folder's name",
    "one call sends one command; CR, LF and NUL are refused",
    "unit/mailbox/test_imap_tls.py::test_the_wire_itself_refuses_what_is_more_than_a_command",
    "bytes are sent as they come",
)
def any_command():
    import imaplib

    replace("mailbridge.mailbox.imap_wire.Wire.send", imaplib.IMAP4.send)


@threat(
    "broken encryption",
    "TLS 1.2 or newer",
    "unit/mailbox/test_imap_tls.py::test_nothing_can_switch_the_checks_off",
    "any version is taken",
)
def old_tls():
    from mailbridge.mailbox import tls

    whole = tls.trusting

    def lenient(ca_file):
        context = whole(ca_file)
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        return context

    replace("mailbridge.mailbox.tls.trusting", lenient)


@threat(
    "somebody between us and the mail server",
    "certificate and host name are checked, always",
    "unit/mailbox/test_imap_tls.py::test_a_certificate_of_another_authority "
    "unit/mailbox/test_imap_tls.py::test_a_certificate_for_another_host",
    "certificates are not looked at",
)
def no_certificate():
    replace("mailbridge.mailbox.imap_login.trusting", lambda _ca_file: ssl._create_unverified_context())


# What costs


@threat(
    "a mail that costs time, memory or stack",
    "`[limits]`, counted in one linear pass before any parser",
    "unit/mailbox/test_limits.py::test_too_much_is_refused",
    "structure is not counted",
)
def no_limits():
    replace("mailbridge.mailbox.decode.check_raw", lambda *_: None)


@threat(
    "HTML that is nested or has tags without end",
    "depth, tags and attributes are counted before a tree is built",
    "unit/mailbox/test_limits.py::test_too_much_is_refused",
    "HTML is not counted",
)
def no_html_limits():
    replace("mailbridge.mailbox.decode.check_html", lambda *_: None)


@threat(
    "strings that patterns choke on",
    "every pattern is looked through for repeated repeats and timed; those of the configuration run in google-re2",
    "unit/test_patterns.py::test_no_pattern_repeats_a_repeat",
    "a pattern with a repeated repeat",
)
def careless_pattern():
    import re

    from mailbridge.sdk import links

    links._CARELESS = re.compile(r"([a-z]+)*!")
