"""Threats out of what servers say and mails do: log-ins in clear, repeated cards and secrets, processes that die."""

from threats.bugs import replace, threat


@threat(
    "a server, or somebody between, that says we are logged in already",
    "PREAUTH is refused: the connection could not be encrypted any more",
    "unit/mailbox/test_imap_odd_answers.py::test_a_greeting_that_is_none",
    "the greeting is taken for a log-in",
)
def preauth():
    replace("mailbridge.mailbox.imap_login._refuse_preauth", lambda *_: None)


@threat(
    "links to hosts that only look like known ones",
    "label `lookalike_link` and a warning on top of the card",
    "unit/sdk/test_lookalike_links.py::test_every_place_of_an_interest_is_looked_at "
    "unit/sdk/test_lookalike_links.py::test_a_manager_reads_what_is_wrong_with_the_link",
    "no host imitates another",
)
def lookalike_links():
    replace("mailbridge.sdk.lookalike_links.imitated_by", lambda *_, **__: None)


@threat(
    "a card that a CRM repeats in its refusal",
    "what it repeats of the card is taken out of what is logged",
    "unit/pipeline/test_discretion.py::test_a_refusal_keeps_its_reason_and_loses_the_person",
    "refusals are logged as they came",
)
def repeated_cards():
    replace("mailbridge.pipeline.discretion.discreet", lambda reason, _interests: reason)


@threat(
    "a secret that a server repeats in its answer",
    "errors mask every known secret in the words of servers",
    "unit/observe/test_secrets.py::test_words_of_a_server_are_kept_without_secrets",
    "words of servers are kept as they came",
)
def repeated_secrets():
    replace("mailbridge.sdk.secrets.masked", lambda text: text)


@threat(
    "text that a CRM would take for markup",
    "text leaves through `mailbridge.sdk.output` only",
    "unit/sinks/test_hostile_text.py::test_what_would_be_sent_is_harmless_and_fits",
    "codes leave as they came",
)
def markup():
    replace("mailbridge.sdk.output.bb_inert", lambda text: text)


@threat(
    "a mail that ends the process which reads it",
    "mails are read in processes apart; those of one that died are read one by one",
    "component/stations/test_reading.py::test_a_mail_that_kills_its_process_does_not_take_its_neighbours_along",
    "a dead process is nobody's matter",
)
def dead_processes():
    replace("mailbridge.stations.reading.ProcessCrew._finish", lambda _self, _jobs, result: list(result()))
