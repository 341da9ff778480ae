"""The amoCRM sink, broken in the usual ways."""

from mailbridge.sdk import MaybeWritten, NoTokens, NotWritten, Rejected, RetryLater, Unknown
from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.sinks import SinkSuite
from mailbridge_sinks.amocrm import AmocrmConfig, AmocrmSink, batch, client, contacts, search, sink
from mutants.mutant import Mutant


class Suite(SinkSuite):
    def make_emulator(self):
        return AmocrmEmulator(rate_per_s=None)

    def make_sink(self, emulator, transport):
        config = AmocrmConfig(url="http://127.0.0.1", token=emulator.token, task={"text": "Ответить"})
        return AmocrmSink(config, tokens=NoTokens(), transport=transport)


def lost_answer_is_later(monkeypatch):
    """A lost answer is called "not written": the core sends again, and there are two leads."""

    def later(self, waiting, error):
        for delivery in waiting:
            self.settle(delivery, RetryLater(error.reason))

    monkeypatch.setattr(batch.Batch, "_doubt", later)


def retries_by_itself(monkeypatch):
    """The sink sends a write again when its answer is lost."""
    write = client.AmocrmClient.write

    def twice(self, path, elements):
        try:
            return write(self, path, elements)
        except MaybeWritten:
            return write(self, path, elements)

    monkeypatch.setattr(client.AmocrmClient, "write", twice)


def finds_nothing(monkeypatch):
    """`find` always says "nothing there"."""
    monkeypatch.setattr(AmocrmSink, "find", lambda _self, _doubts: {})


def finds_only_leads(monkeypatch):
    """`find` forgets notes and tasks."""
    monkeypatch.setattr(search.Search, "_children", lambda *_: iter(()))


def finds_anything(monkeypatch):
    """`find` takes the first row of an unfiltered list for the one it looked for."""
    rows = client.AmocrmClient.rows

    def all_rows(self, path, plural, params=()):
        return rows(self, path, plural, [pair for pair in params if pair[0] != "query"])

    def first(self, keys):
        return {key: str(row["id"]) for key in keys for row in self._client.rows("/leads", "leads")}

    monkeypatch.setattr(client.AmocrmClient, "rows", all_rows)
    monkeypatch.setattr(search.Search, "_by_query", first)


def failed_search_is_nothing(monkeypatch):
    """A search that failed is "nothing there"."""
    find = AmocrmSink.find

    def quiet(self, doubts):
        try:
            return find(self, doubts)
        except NotWritten:
            return {}

    monkeypatch.setattr(AmocrmSink, "find", quiet)


def no_marker_in_the_note(monkeypatch):
    """The note carries no key, so that nobody finds it again."""
    monkeypatch.setattr(
        AmocrmConfig, "text_of", lambda _self, delivery, _language, **_more: f"{delivery.interest.text}"
    )


def one_bad_takes_all(monkeypatch):
    """One bad element rejects its whole batch."""

    def reject_all(self, waiting, error):
        for delivery in waiting:
            self.settle(delivery, Rejected(error.reason))
        return []

    monkeypatch.setattr(batch.Batch, "_without_bad", reject_all)


def rate_limit_is_unknown(monkeypatch):
    """429 counts as "perhaps written"."""
    judge = client.judge

    def wrong(answer, write):
        return MaybeWritten("429") if answer.status_code == 429 else judge(answer, write)

    monkeypatch.setattr(client, "judge", wrong)


def rate_limit_without_pause(monkeypatch):
    """429 makes one delivery wait instead of the account."""
    judge = client.judge

    def wrong(answer, write):
        return NotWritten("429") if answer.status_code == 429 else judge(answer, write)

    monkeypatch.setattr(client, "judge", wrong)


def bad_token_is_rejected(monkeypatch):
    """A refused token kills the delivery instead of pausing the account."""
    monkeypatch.setattr(batch, "outcome_of", lambda error: Rejected(error.reason))


def tells_the_token(monkeypatch):
    """The reason of a failure holds the token."""
    judge = client.judge

    def blunt(answer, write):
        token = answer.request.headers["Authorization"]
        return client.TokenRefused(f"refused: {token}") if answer.status_code == 401 else judge(answer, write)

    monkeypatch.setattr(client, "judge", blunt)


def goes_on_without_lease(monkeypatch):
    """The sink writes although its lease is gone."""
    write = batch.Batch.write

    def stubborn(self, step, deliveries, send):
        announce = self._steps.writing

        def deaf(name, keys):
            keys = list(keys)
            try:
                announce(name, keys)
            except NotWritten:
                for key in keys:
                    self._steps.open.setdefault(key, set()).add(name)

        self._steps.writing = deaf
        write(self, step, deliveries, send)
        del self._steps.writing

    monkeypatch.setattr(batch.Batch, "write", stubborn)


def announces_afterwards(monkeypatch):
    """The intent is committed after the request."""
    write = batch.Batch.write

    def late(self, step, deliveries, send):
        announce = self._steps.writing

        def send_first(chosen):
            ids = send(chosen)
            announce(step, [delivery.key for delivery in chosen])
            return ids

        self._steps.writing = lambda _name, _keys: None
        write(self, step, deliveries, send_first)
        del self._steps.writing

    monkeypatch.setattr(batch.Batch, "write", late)


def forgets_what_is_done(monkeypatch):
    """Finished steps are written again."""
    monkeypatch.setattr(batch.Batch, "lacking", lambda self, *_names: list(self._deliveries))
    monkeypatch.setattr(batch.Batch, "has", lambda _self, _delivery, _step: False)


def outcomes_in_another_order(monkeypatch):
    """Outcomes come in another order than the deliveries."""
    outcomes = batch.Batch.outcomes
    monkeypatch.setattr(batch.Batch, "outcomes", lambda self, complete: outcomes(self, complete)[::-1])


def cuts_the_text(monkeypatch):
    """Long texts are cut at 2,000 characters."""
    whole = AmocrmConfig.text_of

    def short(self, delivery, language, *, marker, **more):
        text = whole(self, delivery, language, marker=marker, **more)
        return text if len(text) < 2000 else f"{text[:2000]}\n{marker}"

    monkeypatch.setattr(AmocrmConfig, "text_of", short)


def leaves_out_the_photo(monkeypatch):
    """A field of the card never reaches the CRM."""
    whole = AmocrmConfig.text_of

    def without(self, delivery, language, **more):
        return whole(self, delivery, language, **{**more, "told": {"author.photo_url"}})

    monkeypatch.setattr(AmocrmConfig, "text_of", without)


def plans_something_else(monkeypatch):
    """`plan` shows another address than `deliver` uses."""
    monkeypatch.setattr(sink, "API", "/api/v2")


def plans_with_a_request(monkeypatch):
    """`plan` asks the CRM."""
    plan = AmocrmSink.plan

    def curious(self, deliveries):
        self._places()
        return plan(self, deliveries)

    monkeypatch.setattr(AmocrmSink, "plan", curious)


def check_writes(monkeypatch):
    """`check` tries a write to see whether it works."""
    check = AmocrmSink.check

    def eager(self):
        check(self)
        self._client.write("/leads", [{"name": "проверка"}])

    monkeypatch.setattr(AmocrmSink, "check", eager)


def makes_a_second_contact_first(monkeypatch):
    """A contact is made without an intent."""
    find = contacts.Contacts.find

    def eager(self, delivery, places):
        self._client.write("/contacts", [{"name": "новый"}])
        return find(self, delivery, places)

    monkeypatch.setattr(contacts.Contacts, "find", eager)


def loses_one_delivery(monkeypatch):
    """There are fewer outcomes than deliveries."""
    outcomes = batch.Batch.outcomes
    monkeypatch.setattr(batch.Batch, "outcomes", lambda self, complete: outcomes(self, complete)[:1])


def unknown_for_everything(monkeypatch):
    """What the CRM refuses is called "perhaps written", for ever."""
    monkeypatch.setattr(batch, "Rejected", Unknown)
    monkeypatch.setattr(batch, "NoSuchUser", Unknown)


RULES = {
    lost_answer_is_later: {"s03", "s17"},
    retries_by_itself: {"s03", "s23"},
    finds_nothing: {"s03", "s04", "s17", "s18"},
    finds_only_leads: {"s03", "s04"},
    finds_anything: {"s04"},
    failed_search_is_nothing: {"s19"},
    no_marker_in_the_note: {"s03", "s04"},
    one_bad_takes_all: {"s07"},
    rate_limit_is_unknown: {"s05"},
    rate_limit_without_pause: {"s05"},
    bad_token_is_rejected: {"s06"},
    tells_the_token: {"s12"},
    goes_on_without_lease: {"s11"},
    announces_afterwards: {"s10"},
    forgets_what_is_done: {"s02"},
    outcomes_in_another_order: {"s09"},
    cuts_the_text: {"s08"},
    leaves_out_the_photo: {"s01"},
    plans_something_else: {"s13"},
    plans_with_a_request: {"s13"},
    check_writes: {"s14"},
    makes_a_second_contact_first: {"s10"},
    loses_one_delivery: {"s01"},
    unknown_for_everything: {"s07"},
}

MUTANTS = [Mutant("amoCRM", breaks, Suite, frozenset(rules)) for breaks, rules in RULES.items()]
