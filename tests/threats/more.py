"""Threats to who speaks, what comes back, and what is between us and the mail server."""

from threats.bugs import replace, threat


@threat(
    "several senders in one mail",
    "exactly one address in From, else nobody is believed",
    "unit/mailbox/test_trust.py::test_exactly_one_sender",
    "the first of several is believed",
)
def first_sender():
    from mailbridge.mailbox import trust

    whole = trust.judge
    replace(
        "mailbridge.mailbox.trust.judge", lambda headers, senders, *more: whole(headers, list(senders)[:1] or [], *more)
    )


@threat(
    "a password lured into clear text: bytes behind STARTTLS",
    "what stands in clear behind the answer ends the connection",
    "unit/mailbox/test_imap_odd_answers.py::test_bytes_in_clear_behind_starttls_are_refused",
    "bytes that came in clear are read as if they were encrypted",
)
def bytes_in_clear():
    replace("mailbridge.mailbox.imap_wire.Wire._refuse_bytes_in_clear", lambda _self: None)


@threat(
    "a STARTTLS that somebody between strips or refuses",
    "no log-in without encryption where it is asked for",
    "unit/mailbox/test_imap_odd_answers.py::test_a_refused_starttls_sends_no_password",
    "STARTTLS is not done at all",
)
def no_starttls():
    replace("mailbridge.mailbox.imap_wire.Wire.start_tls", lambda _self, _context: None)


@threat(
    "an erased person who comes back with the next scan",
    "a tombstone stays: hash and key, no personal data",
    "component/cli/test_personal.py::test_a_new_scan_brings_nothing_back",
    "tombstones are not looked at",
)
def no_tombstones():
    replace("mailbridge.ledger.settle.without_erased", lambda _connection, settlements: (list(settlements), []))
    replace("mailbridge.ledger.intake._erased", lambda *_: frozenset())


@threat(
    "personal data that stays in the file after erasing",
    "interests lose names and words, and pages are overwritten",
    "component/cli/test_personal.py::test_an_erased_person_is_nowhere_in_the_file_and_the_others_are",
    "names stay in interests",
)
def names_stay():
    replace("mailbridge.ledger.erased.without_person", lambda record: record)
