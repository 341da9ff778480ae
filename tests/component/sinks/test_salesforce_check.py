"""What `check` says about an org that is not ready."""

import dataclasses

import pytest

from mailbridge.sdk import NoTokens, Unusable
from mailbridge.testing.salesforce import SalesforceEmulator
from mailbridge.testing.salesforce_schema import SfField
from mailbridge.testing.transport import EmulatorTransport
from mailbridge_sinks.salesforce import SalesforceConfig, SalesforceSink


@pytest.fixture
def org():
    return SalesforceEmulator()


def check(org, **settings):
    config = SalesforceConfig(**{"url": "http://127.0.0.1", "token": org.token, **settings})
    SalesforceSink(config, tokens=NoTokens(), transport=EmulatorTransport(org)).check()


def problems(org, **settings):
    with pytest.raises(Unusable) as error:
        check(org, **settings)
    return str(error.value)


def change(org, table, name, **changes):
    fields = org.store.objects[table].fields
    fields[name] = dataclasses.replace(fields[name], **changes)


def test_a_good_org_passes_with_everything_configured(org):
    org.store.objects["Lead"].add(SfField("Stars__c", "double"), SfField("When__c", "datetime"))
    org.store.objects["Task"].add(SfField("MB_Task__c", length=60, external_id=True, unique=True))
    check(
        org,
        fields={"source.url": "Website", "rating": "Stars__c", "occurred_at": "When__c"},
        fixed={"Rating": "Hot"},
        owner=org.store.owner("Olga"),
        asap_queue=org.store.owner("ASAP"),
        task={"key_field": "MB_Task__c"},
    )


def test_a_missing_key_field_says_what_to_click(org):
    del org.store.objects["Lead"].fields["MB_Key__c"]
    words = problems(org)
    assert "Lead.MB_Key__c is missing" in words
    assert "Object Manager > Lead > Fields & Relationships > New" in words


@pytest.mark.parametrize("flags", [{"unique": False}, {"external_id": False}])
def test_a_key_field_that_does_not_guard(org, flags):
    change(org, "Lead", "MB_Key__c", **flags)
    assert "must be Unique and an External ID" in problems(org)


def test_a_key_field_that_is_too_short(org):
    change(org, "Lead", "MB_Key__c", length=29)
    assert "too short" in problems(org)
    change(org, "Lead", "MB_Key__c", length=30)
    check(org)


def test_a_field_that_may_not_be_written(org):
    change(org, "Lead", "Description", createable=False)
    assert "Lead.Description can't be written" in problems(org)


def test_a_required_field_that_nothing_fills(org):
    org.store.objects["Lead"].add(SfField("Region__c", required=True))
    assert "Lead.Region__c is required" in problems(org)
    check(org, fixed={"Region__c": "South"})


@pytest.mark.parametrize(
    ("path", "kind"), [("rating", "string"), ("text", "double"), ("processed", "string"), ("occurred_at", "date")]
)
def test_a_field_of_the_wrong_type(org, path, kind):
    org.store.objects["Lead"].add(SfField("Some__c", kind))
    assert f"Lead.Some__c is of type {kind}: it can't hold {path}" in problems(org, fields={path: "Some__c"})


def test_a_field_that_is_shorter_than_the_settings_say(org):
    org.store.objects["Lead"].add(SfField("Short__c", length=100))
    assert "takes 100 characters, not 255; set lengths.Short__c" in problems(org, fields={"text": "Short__c"})
    check(org, fields={"text": "Short__c"}, lengths={"Short__c": 100})


def test_owners_that_cannot_own(org):
    words = problems(org, owner=org.store.owner("Gone"), asap_queue=org.store.owner("Olga"))
    assert "owner" in words
    assert "no active user" in words
    assert "is no queue" in words


def test_stages_that_the_org_does_not_have(org):
    told = problems(org, read_back={"closed_stages": ["Erledigt"]}, fixed={"Status": "Neu"})
    assert "Lead.Status has no stage 'Erledigt'" in told
    assert "Lead.Status has no stage 'Neu'" in told
    assert "Open - Not Contacted" in told


def test_rights_that_are_missing(org):
    org.store.objects["Lead"].createable = False
    org.store.objects["Task"].createable = False
    words = problems(org, task={})
    assert "may not create Lead" in words
    assert "may not create Task" in words


def test_all_problems_are_told_at_once(org):
    del org.store.objects["Lead"].fields["MB_Key__c"]
    words = problems(org, fields={"text": "Gone__c"}, owner=org.store.owner("Gone"))
    assert all(part in words for part in ("MB_Key__c", "Gone__c", "no active user"))


def test_a_used_up_limit(org):
    org.daily_limit = 1  # the description
    assert "used up" in problems(org)


def test_a_version_that_is_not_served(org):
    assert "the latest is 68.0" in problems(org, api_version="99.0")


def test_an_object_that_does_not_exist(org):
    assert "NOT_FOUND" in problems(org, object="Lid")


def test_check_changes_nothing(org):
    before = org.store.snapshot()
    check(org, task={})
    assert org.store.rows == before
    assert {entry.method for entry in org.journal} == {"GET"}
