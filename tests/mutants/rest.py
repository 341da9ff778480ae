"""The rest sink, described wrongly: mistakes of a configuration, and a few of code."""

import dataclasses
import functools

from mailbridge.sdk import Author, MaybeWritten, NoTokens, Unusable
from mailbridge.testing.hubspot import HubspotEmulator
from mailbridge.testing.odoo import OdooEmulator
from mailbridge.testing.pipedrive import LEAD_KEY, PERSON_KEY, PipedriveEmulator
from mailbridge.testing.salesforce import SalesforceEmulator
from mailbridge.testing.sinks import SinkSuite
from mailbridge_sinks.rest import RestConfig, RestSink, answers, client, forms
from mailbridge_sinks.salesforce import SalesforceConfig, SalesforceSink
from mailbridge_sinks.salesforce.client import SalesforceClient
from mutants.mutant import Mutant


class Suite(SinkSuite):
    """A preset, with what a mutant puts over it."""

    preset = ""
    emulator = None
    settings = {}  # noqa: RUF012 - replaced, never changed
    values = {}  # noqa: RUF012 - replaced, never changed

    def make_emulator(self):
        return self.emulator()

    def make_sink(self, emulator, transport):
        config = RestConfig(
            preset=self.preset, url="http://127.0.0.1", token=emulator.token, values=self.values, **self.settings
        )
        return RestSink(config, tokens=NoTokens(), transport=transport)


class Hubspot(Suite):
    preset, emulator = "hubspot", HubspotEmulator

    def spoil(self, delivery):
        """A deal without a contact, for nobody's owner: it is refused within its batch."""
        nobody = delivery.interest.model_copy(update={"author": Author(name="Nobody")})
        return dataclasses.replace(delivery, interest=nobody, responsible="999999999")


class Pipedrive(Suite):
    preset, emulator = "pipedrive", PipedriveEmulator
    values = {"person_key": PERSON_KEY, "lead_key": LEAD_KEY}  # noqa: RUF012 - never changed


class Odoo(Suite):
    preset, emulator = "odoo", OdooEmulator
    values = {"database": "crm"}  # noqa: RUF012 - never changed


class SalesforceLogIn(SinkSuite):
    secrets = ("demo-secret",)

    def make_emulator(self):
        return SalesforceEmulator()

    def make_sink(self, emulator, transport):
        login = emulator.login
        config = SalesforceConfig(url="http://127.0.0.1", client_id=login.client_id, client_secret=login.client_secret)
        return SalesforceSink(config, tokens=NoTokens(), transport=transport)

    def expire(self, emulator):
        emulator.login.end_sessions()
        return True


MUTANTS: list[Mutant] = []


def mutant(suite, *rules, **settings):
    """Make a mutant of a function, or of settings that go over the preset."""

    def made(breaks):
        @functools.wraps(breaks)
        def broken(monkeypatch):
            if settings:
                monkeypatch.setattr(suite, "settings", settings)
            breaks(monkeypatch)

        MUTANTS.append(Mutant(f"rest: {suite.__name__}" if suite.preset else "Salesforce", broken, suite, {*rules}))
        return broken

    return made


@mutant(Odoo, "s03", "s17", answers=[{"status": ["5xx"], "means": "later"}])
def every_failure_is_later(_monkeypatch):
    """The description calls every 5xx "not written"."""


@mutant(Odoo, "s03", "s04", steps={"lead": {"idempotent": "true", "search": None}})
def claims_to_be_idempotent(_monkeypatch):
    """The description says that the CRM makes no doubles, and it does."""


@mutant(Odoo, "s03", "s04", steps={"lead": {"search": {"body": {"domain": []}, "exact": False, "key": "'mb1-x'"}}})
def searches_without_the_key(_monkeypatch):
    """The search filters by nothing and compares with nothing."""


@mutant(Pipedrive, "s01", steps={"lead": {"body": {LEAD_KEY: "", "{{ settings.lead_key }}": ""}}})
def writes_no_key(_monkeypatch):
    """The lead carries no key."""


@mutant(Pipedrive, "s03", "s04", steps={"note": {"body": {"content": "{{ card | html }}"}}})
def the_note_carries_no_key(_monkeypatch):
    """The note is the card alone: its own key is not in it."""


@mutant(Hubspot, "s07", steps={"deal": {"failed": None}})
def overlooks_who_was_refused(_monkeypatch):
    """A partial answer is not read for what was refused."""


@mutant(Hubspot, "s05", answers=[{"status": ["429"], "means": "doubt"}])
def a_limit_is_a_doubt(_monkeypatch):
    """The description calls a rate limit "perhaps written"."""


@mutant(Hubspot, "s06", answers=[{"status": ["4xx"], "means": "never"}])
def any_4xx_is_for_ever(_monkeypatch):
    """The description rejects deliveries for a wrong token."""


@mutant(Hubspot, "s01", steps={"deal": {"item": {"properties": {"description": "{{ text }}"}}}})
def writes_the_text_alone(_monkeypatch):
    """Only the visitor's words reach the CRM, not the card."""


@mutant(Hubspot, "s03", "s04", steps={"deal": {"row_key": ""}, "contact": {"search": {"key": "id"}}})
def compares_ids_with_keys(_monkeypatch):
    """The search for contacts compares the wrong property, and never finds one."""


@mutant(Odoo, "s03")
def any_page_is_a_success(monkeypatch):
    """An HTML page with status 200 counts as written."""

    def believe(answer, rules, *, write):
        try:
            return understood(answer, rules, write=write)
        except MaybeWritten:
            if answer.status_code == 200:
                return answers.Good([1, 2, 3])
            raise

    understood = answers.understood
    monkeypatch.setattr(client, "understood", believe)


@mutant(Odoo, "s03", "s14")
def raw_errors_come_out(monkeypatch):
    """An answer that is no JSON raises ValueError instead of an error that the core understands."""
    monkeypatch.setattr(answers, "read_json", lambda answer, write: answer.json())


@mutant(Hubspot, "s13")
def plans_what_it_does_not_send(monkeypatch):
    """`plan` shows another body than is sent."""
    filled = forms.Form.filled

    def embellished(self, values, token=""):
        done = filled(self, values, token)
        return done if values.get("key") is None or "<" in str(values["ids"]) else dataclasses.replace(done, body={})

    monkeypatch.setattr(forms.Form, "filled", embellished)


@mutant(Odoo, "s09")
def results_are_exchanged(monkeypatch):
    """The ids of a batch are given to the deliveries in reverse order."""
    from mailbridge_sinks.rest import work

    results = answers.results
    monkeypatch.setattr(
        work,
        "results",
        lambda step, good, keys: dict(zip(keys, [*results(step, good, keys).values()][::-1], strict=True)),
    )


SalesforceLogIn.preset = ""


@mutant(SalesforceLogIn, "s21")
def never_renews(monkeypatch):
    """A token that has ended makes the account unusable instead of being renewed."""

    def refuse(_self, used):
        if used:
            raise Unusable("the session has ended")
        return renew(_self, used)

    renew = SalesforceClient._renew
    monkeypatch.setattr(SalesforceClient, "_renew", refuse)


@mutant(SalesforceLogIn, "s99")
def a_rule_is_switched_off(monkeypatch):
    """The suite overrides a rule that its sink does not keep."""
    monkeypatch.setattr(SalesforceLogIn, "test_s04_a_lost_ledger_makes_nothing_new", lambda _self: None)
