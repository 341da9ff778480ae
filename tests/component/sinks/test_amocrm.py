from typing import ClassVar

import pytest

from mailbridge.sdk import NoTokens
from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.sinks import SinkSuite
from mailbridge_sinks.amocrm import AmocrmConfig, AmocrmSink

MAPPED = {
    "source.url": "Источник",
    "product.name": "Продукт",
    "kind": "Вид действия",
    "text": "Текст обращения",
    "occurred_at": "Дата обращения",
    "reply.target": "Ответить",
    "rating": "Оценка",
    "processed": "Обработано",
    "source.channel": 294480,
}
TASK = {"text": "Ответить", "deadline_s": 1200}


class AmocrmSuite(SinkSuite):
    settings: ClassVar[dict] = {}
    account: ClassVar[dict] = {}

    def make_emulator(self):
        return AmocrmEmulator(rate_per_s=None, **self.account)

    def make_sink(self, emulator, transport):
        config = AmocrmConfig(url="http://127.0.0.1", token=emulator.token, **self.settings)
        return AmocrmSink(config, tokens=NoTokens(), transport=transport)


class TestPipeline(AmocrmSuite):
    """Every step, search by full text."""

    settings: ClassVar[dict] = {"task": TASK, "responsible": 504141}


class TestMappedFieldsAndFilters(AmocrmSuite):
    """Own fields for the card, the paid filters, another pipeline, English."""

    settings: ClassVar[dict] = {
        "fields": MAPPED,
        "contact_fields": {"author.url": "Профиль", "author.photo_url": "Фото"},
        "pipeline": "Сервис",
        "status": "Переговоры",
        "tags": ["mailbridge"],
        "language": "en",
    }
    account: ClassVar[dict] = {"filters": True}

    @pytest.mark.xfail(reason="the type of a mapped field is looked up: a plan shows its value as people read it")
    def test_s13_what_is_sent_is_what_was_planned(self):
        super().test_s13_what_is_sent_is_what_was_planned()


class TestUnsorted(AmocrmSuite):
    """Whoever is first takes it."""

    settings: ClassVar[dict] = {"asap": True, "task": TASK}


class TestOAuth(AmocrmSuite):
    """Tokens that end and are renewed; the store outlives a crash of the sink, as the ledger does."""

    secrets = ("demo-secret", "demo-refresh")

    def make_sink(self, emulator, transport):
        tokens = emulator.__dict__.setdefault("kept_tokens", NoTokens())
        config = AmocrmConfig(url="http://127.0.0.1", **emulator.desk.client, refresh_token="demo-refresh")
        return AmocrmSink(config, tokens=tokens, transport=transport)

    def expire(self, emulator):
        emulator.desk.access.clear()
        return True

    @pytest.mark.xfail(reason="a refresh token works once: when its answer is lost, a person has to authorise again")
    def test_s17_a_fault_at_any_request_leaves_one_of_everything(self):
        super().test_s17_a_fault_at_any_request_leaves_one_of_everything()

    @pytest.mark.xfail(reason="a refresh token works once: dying before the new pair is durable loses it")
    def test_s18_a_crash_at_any_point_leaves_one_of_everything(self):
        super().test_s18_a_crash_at_any_point_leaves_one_of_everything()
