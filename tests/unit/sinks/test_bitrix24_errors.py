import httpx
import pytest

from mailbridge.sdk import MaybeWritten, NotWritten, Refused, Unusable
from mailbridge_sinks.bitrix24.errors import Failure, TokenEnded, judge, read_failure, redacted, sort_failure

CASES = [
    (503, "QUERY_LIMIT_EXCEEDED", "Too many requests", NotWritten),
    (503, "query_limit_exceeded", "", NotWritten),
    (429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.", NotWritten),
    (503, "OVERLOAD_LIMIT", "REST API is blocked due to overload.", NotWritten),
    (429, "whatever", "", NotWritten),
    (401, "expired_token", "The access token provided has expired.", TokenEnded),
    (401, "INVALID_CREDENTIALS", "Invalid request credentials", Unusable),
    (403, "INVALID_CREDENTIALS", "Invalid request credentials", Unusable),
    (403, "insufficient_scope", "", Unusable),
    (403, "a word nobody knows", "", Unusable),
    (400, "ACCESS_DENIED", "Access denied!", Unusable),
    (400, "", "Access denied.", Unusable),
    (404, "ERROR_METHOD_NOT_FOUND", "Method not found!", Unusable),
    (410, "PORTAL_DELETED", "Portal was deleted", Unusable),
    (500, "PORTAL_DELETED", "Portal was deleted", Unusable),
    (200, "WRONG_CLIENT", "Wrong client", Unusable),
    (500, "INTERNAL_SERVER_ERROR", "", MaybeWritten),
    (500, "", "", MaybeWritten),
    (200, "ERROR_UNEXPECTED_ANSWER", "Server returned an unexpected response.", MaybeWritten),
    (408, "", "", MaybeWritten),
    (400, "100", "Could not find value for parameter {entityTypeId}", Refused),
    (400, 0, "Communication type is not defined", Refused),
    (400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", "Invalid value for field", Refused),
    (400, "OWNER_NOT_FOUND", "Owner was not found", Refused),
    (400, "", "", Refused),
]


@pytest.mark.parametrize(("status", "code", "text", "kind"), CASES)
def test_errors_are_sorted_by_what_happens_next(status, code, text, kind):
    body = {"error": code, "error_description": text}
    error = judge(httpx.Response(status, json=body), body, write=True)
    assert type(error) is kind
    assert error.reason


@pytest.mark.parametrize(("status", "code", "text", "kind"), CASES)
def test_a_failed_read_never_leaves_a_doubt(status, code, text, kind):
    error = sort_failure(Failure(str(code), text, status), write=False)
    assert type(error) is (NotWritten if kind is MaybeWritten else kind)


def test_the_rate_limit_leaves_the_growing_pause_to_the_core():
    error = sort_failure(Failure("QUERY_LIMIT_EXCEEDED", "", 503), write=True)
    assert (error.pause, error.after_s) == (True, None)


@pytest.mark.parametrize(("told", "waits"), [(77.0, 77.0), (None, 120.0)])
def test_a_blocked_method_waits_as_long_as_the_portal_says(told, waits):
    error = sort_failure(Failure("OPERATION_TIME_LIMIT", "", 429, told), write=True)
    assert (error.pause, error.after_s) == (True, waits)


def test_the_manual_block_waits_long():
    assert sort_failure(Failure("OVERLOAD_LIMIT", "", 503), write=True).after_s >= 600


def test_credentials_say_what_to_click():
    assert "Inbound webhook" in sort_failure(Failure("INVALID_CREDENTIALS", "", 401), write=True).reason


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (502, "<html>nginx</html>", MaybeWritten),
        (302, "", Unusable),
        (404, "<html>not found</html>", Unusable),
        (403, "<html>forbidden</html>", Unusable),
        (413, "<html>too large</html>", Refused),
    ],
)
def test_answers_that_are_not_bitrixs_own(status, body, kind):
    headers = {"content-type": "text/html", "location": "https://x.example/"}
    answer = httpx.Response(status, text=body, headers=headers)
    assert type(judge(answer, None, write=True)) is kind


def test_a_good_answer_is_no_error():
    assert judge(httpx.Response(200, json={"result": {}}), {"result": {}}, write=True) is None


@pytest.mark.parametrize("body", [None, [], "error", {"result": 1}])
def test_what_is_no_error_body(body):
    assert read_failure(body) is None


@pytest.mark.parametrize(
    "error",
    [
        NotWritten("at /rest/1/s3cret/", after_s=5, pause=True),
        Refused("s3cret"),
        Unusable("s3cret"),
        MaybeWritten("s3cret"),
    ],
)
def test_the_secret_is_cut_out_and_the_meaning_stays(error):
    clean = redacted(error, "s3cret")
    assert type(clean) is type(error)
    assert "s3cret" not in f"{clean} {clean.reason}"
    assert getattr(clean, "after_s", None) == getattr(error, "after_s", None)
