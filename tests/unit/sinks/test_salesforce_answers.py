import httpx
import pytest

from mailbridge.sdk import (
    MaybeWritten,
    NoSuchUser,
    NotWritten,
    Refused,
    Rejected,
    RetryLater,
    SinkUnusable,
    Unknown,
    Unusable,
    judge_status,
)
from mailbridge_sinks.salesforce.answers import Refusal, SessionEnded, Written, judge, meaning, read_results


def error_of(status, code, *, write=True, message="words"):
    body = [{"errorCode": code, "message": message}] if code else {"error": "other shape"}
    answer = httpx.Response(status, json=body)
    return judge(answer, write) or judge_status(answer, write=write)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (401, "INVALID_SESSION_ID", SessionEnded),
        (401, "", SessionEnded),
        (403, "REQUEST_LIMIT_EXCEEDED", NotWritten),
        (403, "API_DISABLED_FOR_ORG", Unusable),
        (403, "", Unusable),
        (400, "UNABLE_TO_LOCK_ROW", NotWritten),
        (400, "INVALID_FIELD", Unusable),
        (404, "NOT_FOUND", Unusable),
        (400, "JSON_PARSER_ERROR", Refused),
        (400, "", Refused),
        (500, "UNKNOWN_EXCEPTION", MaybeWritten),
        (503, "SERVER_UNAVAILABLE", MaybeWritten),
        (503, "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", NotWritten),
        (429, "", NotWritten),
        (302, "", MaybeWritten),
    ],
)
def test_what_a_failed_write_means(status, code, expected):
    assert type(error_of(status, code)) is expected


@pytest.mark.parametrize("status", [400, 404, 405, 414])
@pytest.mark.parametrize("code", ["JSON_PARSER_ERROR", ""])
def test_a_refused_read_never_rejects_deliveries(status, code):
    assert type(error_of(status, code, write=False)) is Unusable


def test_a_failed_read_is_tried_again():
    assert type(error_of(503, "SERVER_UNAVAILABLE", write=False)) is NotWritten


def test_the_daily_limit_pauses_long_and_the_concurrent_one_shortly():
    daily = error_of(403, "REQUEST_LIMIT_EXCEEDED", message="TotalRequests Limit exceeded.")
    busy = error_of(
        403, "REQUEST_LIMIT_EXCEEDED", message="ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    )
    assert daily.pause
    assert busy.pause
    assert daily.after_s > 60 > busy.after_s > 0


def test_all_reasons_are_told():
    body = [{"errorCode": "A_CODE", "message": "first"}, {"errorCode": "B_CODE", "message": "second"}]
    reason = judge(httpx.Response(400, json=body), True).reason
    assert "A_CODE: first; B_CODE: second" in reason


@pytest.mark.parametrize(
    "body",
    [
        None,
        {"id": "1"},
        [],
        [{"id": "00Q1", "success": True}] * 2,
        ["00Q1"],
        [{"success": True}],
        [{"id": "", "success": True, "errors": []}],
        [{"id": "00Q1", "success": "true"}],
        [{"success": False, "errors": "no list"}],
    ],
)
def test_an_answer_of_another_shape_leaves_doubt(body):
    with pytest.raises(MaybeWritten):
        read_results(body, 1)


def test_results_keep_their_order_and_tell_all_errors():
    errors = [{"statusCode": "REQUIRED_FIELD_MISSING", "message": "Company"}, {"statusCode": "STRING_TOO_LONG"}]
    items = [
        {"id": "00Q1", "success": True, "errors": [], "created": False},
        {"success": False, "errors": errors},
        {"id": "00T1", "success": True, "errors": []},
    ]
    assert read_results(items, 3) == [
        Written("00Q1", created=False),
        Refusal(
            ("REQUIRED_FIELD_MISSING", "STRING_TOO_LONG"),
            "REQUIRED_FIELD_MISSING: Company; STRING_TOO_LONG: . What to do: fill the field by fixed, fields or values,"
            " then retry the delivery",
        ),
        Written("00T1", created=True),
    ]


def outcome(code, *, message="", key_field="MB_Key__c", own_ids=False, others_written=False):
    refusal = Refusal((code,), f"{code}: {message}")
    return meaning(refusal, key_field=key_field, own_ids=own_ids, others_written=others_written)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("REQUIRED_FIELD_MISSING", Rejected),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", Rejected),
        ("DUPLICATES_DETECTED", Rejected),
        ("SOMETHING_NEW", Rejected),
        ("UNABLE_TO_LOCK_ROW", RetryLater),
        ("UNKNOWN_EXCEPTION", RetryLater),
        ("INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", RetryLater),
        ("STORAGE_LIMIT_EXCEEDED", SinkUnusable),
        ("INACTIVE_OWNER_OR_USER", SinkUnusable),
    ],
)
def test_what_a_refused_record_means(code, expected):
    assert type(outcome(code)) is expected


def test_one_bad_record_does_not_stop_an_account_that_works():
    assert isinstance(outcome("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"), SinkUnusable)
    assert isinstance(outcome("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", others_written=True), Rejected)


def test_an_assigned_user_who_left_does_not_stop_the_account():
    assert isinstance(outcome("INACTIVE_OWNER_OR_USER", own_ids=True), NoSuchUser)
    assert isinstance(outcome("INACTIVE_OWNER_OR_USER", own_ids=False), SinkUnusable)


def test_a_key_that_is_taken_is_searched_and_another_taken_value_is_rejected():
    taken = "duplicate value found: {} duplicates value on record with id: 00Q1"
    assert isinstance(outcome("DUPLICATE_VALUE", message=taken.format("MB_Key__c")), Unknown)
    assert isinstance(outcome("DUPLICATE_VALUE", message=taken.format("Passport__c")), Rejected)
    assert isinstance(outcome("DUPLICATE_VALUE", message=taken.format("MB_Key__c"), key_field=None), Rejected)


def test_several_errors_of_which_one_never_passes_reject():
    refusal = Refusal(("UNABLE_TO_LOCK_ROW", "REQUIRED_FIELD_MISSING"), "both")
    assert isinstance(meaning(refusal, key_field=None, own_ids=False, others_written=False), Rejected)


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (401, "INVALID_SESSION_ID", "External Client App Manager"),
        (403, "REQUEST_LIMIT_EXCEEDED", "Company Information"),
        (403, "API_DISABLED_FOR_ORG", "API Enabled"),
        (400, "INVALID_FIELD", "Field-Level Security"),
        (404, "NOT_FOUND", "My Domain"),
    ],
)
def test_what_a_person_can_mend_says_what_to_click(status, code, advice):
    error = judge(httpx.Response(status, json=[{"errorCode": code, "message": "no"}]), False)
    assert f"{code}: no. What to do: " in error.reason
    assert advice in error.reason
