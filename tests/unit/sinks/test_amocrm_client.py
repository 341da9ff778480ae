"""Tokens and answers of amoCRM."""

import httpx
import pytest

from mailbridge.sdk import Delivered, NoTokens, NotWritten, RetryLater, SinkUnusable, Unusable
from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.amocrm_api import TOKEN_PATH
from mailbridge.testing.emulator import Fault
from mailbridge.testing.interests import make_deliveries
from mailbridge.testing.steps import MemorySteps
from mailbridge.testing.transport import EmulatorTransport
from mailbridge_sinks.amocrm import AmocrmConfig, AmocrmSink
from mailbridge_sinks.amocrm.client import BadElements, claims_of, judge

OAUTH = {
    "client_id": "demo-client",
    "client_secret": "demo-secret",
    "redirect_uri": "https://bridge.example/oauth",
    "refresh_token": "demo-refresh",
}


def make_oauth_sink(emulator, tokens):
    config = AmocrmConfig(url="http://127.0.0.1", **OAUTH)
    return AmocrmSink(config, tokens=tokens, transport=EmulatorTransport(emulator))


def token_requests(emulator):
    return [entry for entry in emulator.journal if entry.path == TOKEN_PATH]


def test_the_first_refresh_token_is_used_once_and_the_pair_is_kept():
    emulator, tokens = AmocrmEmulator(rate_per_s=None), NoTokens()
    make_oauth_sink(emulator, tokens).check()
    make_oauth_sink(emulator, tokens).check()
    assert len(token_requests(emulator)) == 1
    assert tokens.load()["refresh_token"] == "refresh-1"


def test_an_ended_token_is_renewed_before_the_step_is_announced():
    emulator, tokens, steps = AmocrmEmulator(rate_per_s=None), NoTokens(), MemorySteps()
    first, second = make_deliveries(2)
    sink = make_oauth_sink(emulator, tokens)
    sink.deliver([first], steps)
    tokens._tokens = {**tokens.load(), "expires_at": "1"}
    assert isinstance(sink.deliver([second], steps)[0], Delivered)
    assert claims_of(tokens.load()["access_token"])["jti"] == "access-2"


def test_a_revoked_token_costs_a_read_nothing_and_a_write_one_pause():
    emulator, tokens, steps = AmocrmEmulator(rate_per_s=None), NoTokens(), MemorySteps()
    [delivery] = make_deliveries(1)
    sink = make_oauth_sink(emulator, tokens)
    sink.check()
    emulator.desk.access.clear()
    sink.check()
    emulator.faults.append(Fault("status", path="/leads/complex", status=401))
    outcome = sink.deliver([delivery], steps)[0]
    assert outcome == RetryLater("the access token was renewed", after_s=0.0, pause=True)
    assert [entry.path for entry in emulator.journal].count("/api/v4/leads/complex") == 1
    assert isinstance(sink.deliver([delivery], steps)[0], Delivered)


def test_a_spent_refresh_token_asks_for_a_person_and_is_not_tried_in_a_loop():
    emulator, tokens = AmocrmEmulator(rate_per_s=None), NoTokens()
    emulator.desk.refresh.clear()
    sink = make_oauth_sink(emulator, tokens)
    outcome = sink.deliver(make_deliveries(1), MemorySteps())[0]
    assert isinstance(outcome, SinkUnusable)
    assert "Authorise the integration again" in outcome.reason
    assert "demo-refresh" not in outcome.reason
    assert len(token_requests(emulator)) == 1


@pytest.mark.parametrize("fault", [Fault("drop_after"), Fault("status", status=500), Fault("status", status=200)])
def test_a_broken_answer_of_the_token_address_waits(fault):
    emulator = AmocrmEmulator(rate_per_s=None)
    fault.path = TOKEN_PATH
    emulator.faults.append(fault)
    outcome = make_oauth_sink(emulator, NoTokens()).deliver(make_deliveries(1), MemorySteps())[0]
    assert isinstance(outcome, RetryLater)
    assert not emulator.keys()


def test_a_long_lived_token_that_ended_is_not_renewed():
    emulator = AmocrmEmulator(rate_per_s=None)
    sink = AmocrmSink(
        AmocrmConfig(url="http://127.0.0.1", token="old"), tokens=NoTokens(), transport=EmulatorTransport(emulator)
    )
    with pytest.raises(Unusable, match="make a new one"):
        sink.check()
    assert len(emulator.journal) == 1


def judged(status, body, kind="application/problem+json"):
    content = {"json": body} if not isinstance(body, str) else {"text": body}
    answer = httpx.Response(status, **content)
    answer.headers["Content-Type"] = kind
    return judge(answer, True)


def test_kommo_says_how_long_to_wait_and_amocrm_does_not():
    kommo = judged(429, {"title": "Too Many Requests", "retry_after": 300})
    assert isinstance(kommo, NotWritten)
    assert (kommo.after_s, kommo.pause) == (300.0, True)
    assert judged(429, "<html>429</html>", "text/html").after_s is None


def test_a_403_page_is_a_lock_out_and_403_json_is_a_missing_right():
    assert isinstance(judged(403, "<html>403 Forbidden</html>", "text/html"), NotWritten)
    assert "given by an administrator" in judged(403, {"title": "Forbidden"}).reason


def test_bad_elements_are_named_and_stale_ids_told_apart():
    def errors(*paths):
        return [{"code": "NotSupportedChoice", "path": path, "detail": "No."} for path in paths]

    error = judged(400, {"validation-errors": [
        {"request_id": "a", "errors": errors("custom_fields_values.0.field_id")},
        {"request_id": "b", "errors": errors("responsible_user_id")},
        {"request_id": 2, "errors": errors("pipeline_id", "name")},
        {"request_id": "d", "errors": errors("_embedded.contacts.0.id")},
    ]})  # fmt: skip
    assert isinstance(error, BadElements)
    assert error.reasons["b"] == "amoCRM refuses: NotSupportedChoice at responsible_user_id: No."
    assert set(error.reasons) == {"a", "b", "2", "d"}
    assert error.stale == {"a", "d"}


@pytest.mark.parametrize("body", [{}, {"validation-errors": []}, {"validation-errors": [{}]}, [], "plain"])
def test_other_400_name_no_element(body):
    assert judged(400, body) is None


def test_a_moved_account_is_told_with_its_new_host():
    answer = httpx.Response(301, headers={"Location": "https://new.amocrm.ru/api/v4/account?token=1"})
    error = judge(answer, True)
    assert isinstance(error, Unusable)
    assert error.reason == "the account answers from new.amocrm.ru (HTTP 301): correct url"


class Moving:
    """An account with OAuth that moves to another host; notes where secrets go."""

    def __init__(self, told="new.amocrm.ru"):
        self.emulator, self.tokens, self.hosts = AmocrmEmulator(rate_per_s=None), NoTokens(), []
        self.sink = self.make()
        self.sink.check()
        self.emulator.desk.moved_to = told

    def make(self):
        config = AmocrmConfig(url="https://old.amocrm.ru", **OAUTH)
        return AmocrmSink(config, tokens=self.tokens, transport=httpx.MockTransport(self._handle))

    def _handle(self, request):
        self.hosts.append(request.url.host)
        return EmulatorTransport(self.emulator).handle_request(request)


def test_an_account_that_moved_is_followed_and_its_new_address_is_kept():
    account = Moving()
    account.sink.check()
    assert account.tokens.load()["address"] == "https://new.amocrm.ru"
    account.hosts.clear()
    account.make().check()
    assert set(account.hosts) == {"new.amocrm.ru"}, "a restart begins at the new address"


def test_no_secret_goes_to_a_host_that_is_not_amocrms():
    account = Moving(told="amocrm.ru.evil.example")
    with pytest.raises(Unusable, match="Authorise the integration again"):
        account.sink.check()
    assert not [host for host in account.hosts if not host.endswith(".amocrm.ru")]
