"""Title, text and fields by the same templates in every CRM, in that CRM's own escaping."""

import pytest

from mailbridge.sdk import NoTokens, Refused
from mailbridge.testing.interests import make_card, make_delivery
from mailbridge_sinks.amocrm import AmocrmConfig, AmocrmSink
from mailbridge_sinks.bitrix24 import Bitrix24Config, Bitrix24Sink
from mailbridge_sinks.salesforce import SalesforceConfig, SalesforceSink

TEMPLATES = {"title": "{{ word('network') }}: {{ who }}", "text": "Пишет {{ who }}: {{ text }}"}
HOSTILE = "[url=https://evil.example]{{ 7*7 }}[/url] & <b>\U0001f382"


def amocrm(**settings):
    config = AmocrmConfig(url="https://korzh.amocrm.ru", token="t", **TEMPLATES, **settings)
    return AmocrmSink(config, tokens=NoTokens())


def bitrix24(**settings):
    config = Bitrix24Config(url="https://portal.example/rest/1/code/", **TEMPLATES, **settings)
    return Bitrix24Sink(config, tokens=NoTokens())


def salesforce(**settings):
    config = SalesforceConfig(
        url="https://acme.my.salesforce.com", token="t", title_field="Title__c", **TEMPLATES, **settings
    )
    return SalesforceSink(config, tokens=NoTokens())


def planned(sink, **changes):
    delivery = make_delivery(make_card(1, **changes))
    return {request.step: request.body for request in sink.plan([delivery])}, delivery


def test_amocrm():
    requests, delivery = planned(amocrm(values={"Город": "{{ source.title }}", "Число": "{{ 2 + 3 }}"}), text=HOSTILE)
    lead, note = requests["lead"][0], requests["note"][0]
    assert lead["name"] == "ВКонтакте: Иван Петров-1"
    assert {"field_id": "<id of Город>", "values": [{"value": "Пекарня «Корж» 1"}]} in lead["custom_fields_values"]
    assert {"field_id": "<id of Число>", "values": [{"value": "5"}]} in lead["custom_fields_values"]
    assert note["params"]["text"] == f"Пишет Иван Петров-1: {HOSTILE}\n\n{delivery.key}/note"


def test_bitrix24():
    requests, delivery = planned(
        bitrix24(values={"ufCrm1": "{{ rating }}", "ufCrm2": "{{ processed }}"}), text=HOSTILE, rating=4
    )
    (lead,), (note,) = requests["lead"]["cmd"].values(), requests["note"]["cmd"].values()
    assert lead["fields"]["title"] == "ВКонтакте: Иван Петров-1"
    assert (lead["fields"]["ufCrm1"], lead["fields"]["ufCrm2"]) == (4, "N")
    told = note["fields"]["COMMENT"]
    assert told.startswith("Пишет Иван Петров-1: [\u200burl=https://evil.example]{{ 7*7 }}[\u200b/url] & <\u200bb>")
    assert told.endswith(f"\n\n{delivery.key}/note")


def test_salesforce():
    requests, delivery = planned(salesforce(values={"City__c": "{{ source.title }}"}), text=HOSTILE)
    (lead,) = requests["lead"]["records"]
    assert (lead["Title__c"], lead["City__c"]) == ("ВКонтакте: Иван Петров-1", "Пекарня «Корж» 1")
    assert lead["Description"] == f"Пишет Иван Петров-1: {HOSTILE}\n\nmailbridge: {delivery.key}"


@pytest.mark.parametrize("make", [amocrm, salesforce])
def test_a_template_that_fails_says_which(make):
    with pytest.raises(Refused, match="rating / 2"):
        planned(make(values={"X__c": "{{ rating / 2 }}"}))
