"""Salesforce with mistakes in what it writes, finds and reads back."""

from mailbridge.sdk import NoTokens, Outcome, RemoteState, SinkError, Unknown
from mailbridge.testing.salesforce import SalesforceEmulator
from mailbridge.testing.sinks import SinkSuite
from mailbridge_sinks.salesforce import SalesforceConfig, SalesforceSink, mapping, sink
from mailbridge_sinks.salesforce.client import SalesforceClient
from mailbridge_sinks.salesforce.readback import ReadBack
from mailbridge_sinks.salesforce.search import Search
from mutants.mutant import Mutant


class Salesforce(SinkSuite):
    """Leads with tasks."""

    def make_emulator(self):
        return SalesforceEmulator()

    def make_sink(self, emulator, transport):
        config = SalesforceConfig(url="http://127.0.0.1", token=emulator.token, task={})
        return SalesforceSink(config, tokens=NoTokens(), transport=transport)


MUTANTS: list[Mutant] = []


def mutant(*rules):
    def made(breaks):
        MUTANTS.append(Mutant("Salesforce", breaks, Salesforce, frozenset(rules)))
        return breaks

    return made


@mutant("s03", "s04", "s17", "s18")
def creates_instead_of_looking(monkeypatch):
    """Leads are created, not upserted, and nobody looks whether they are there."""
    monkeypatch.setattr(Search, "copies", lambda _self, _keys: {})
    monkeypatch.setattr(SalesforceClient, "upsert", SalesforceClient.create)
    lead_record = mapping.lead_record
    monkeypatch.setattr(
        sink,
        "lead_record",
        lambda config, delivery: {
            name: value for name, value in lead_record(config, delivery).items() if name != config.key_field
        },
    )


@mutant("s03", "s04")
def forgets_the_tasks(monkeypatch):
    """`find` looks for leads only, and every recovery makes one more task."""
    monkeypatch.setattr(Search, "tasks", lambda _self, _deliveries, _leads: {})


@mutant("s09")
def results_in_another_order(monkeypatch):
    """The results of a bulk request are taken for those of other records."""
    upsert = SalesforceClient.upsert
    monkeypatch.setattr(SalesforceClient, "upsert", lambda self, records: upsert(self, records)[::-1])


@mutant("s07")
def one_refused_record_is_a_doubt(monkeypatch):
    """What the org refuses is called "perhaps written", and comes back for ever."""

    def doubt(refusal, **_more) -> Outcome:
        return Unknown(refusal.reason)

    monkeypatch.setattr(sink, "meaning", doubt)


@mutant("s24")
def takes_a_failed_look_for_deleted(monkeypatch):
    """A query that failed is read as "these leads were deleted"."""
    states = ReadBack.states

    def blind(self, receipts):
        try:
            return states(self, receipts)
        except SinkError:
            return [RemoteState(sent.remote_id, exists=False) for sent in receipts]

    monkeypatch.setattr(ReadBack, "states", blind)


@mutant("s24")
def calls_a_fresh_lead_processed(monkeypatch):
    """The stage that every new lead has counts as moved."""
    monkeypatch.setattr(ReadBack, "_first_stages", lambda _self: {"Somewhere else"})


@mutant("s24")
def remembers_what_was_deleted(monkeypatch):
    """What the org does not list any more is called unchanged."""
    states = ReadBack.states

    def kind(self, receipts):
        return [RemoteState(one.remote_id) if not one.exists else one for one in states(self, receipts)]

    monkeypatch.setattr(ReadBack, "states", kind)


@mutant("s24")
def marks_leads_as_seen(monkeypatch):
    """Reading back writes into the leads that it has read."""
    states = ReadBack.states

    def writing(self, receipts):
        for sent in receipts:
            self.client._call("PATCH", f"{self.client.data_path}/sobjects/Lead/{sent.remote_id}", write=True, json={})
        return states(self, receipts)

    monkeypatch.setattr(ReadBack, "states", writing)
