from mailbridge.sdk import NoTokens
from mailbridge.testing.salesforce import SalesforceEmulator
from mailbridge.testing.salesforce_schema import SfField
from mailbridge.testing.sinks import SinkSuite
from mailbridge_sinks.salesforce import SalesforceConfig, SalesforceSink

TASK_KEY = SfField("MB_Task__c", length=60, external_id=True, unique=True)


class TestWithoutTask(SinkSuite):
    def make_emulator(self):
        return SalesforceEmulator()

    def settings(self, emulator):
        return {"token": emulator.token}

    def make_sink(self, emulator, transport):
        config = SalesforceConfig(url="http://127.0.0.1", **self.settings(emulator))
        return SalesforceSink(config, tokens=NoTokens(), transport=transport)


class TestWithTask(TestWithoutTask):
    def settings(self, emulator):
        return {"token": emulator.token, "task": {"deadline_days": 2}}


class TestWithTaskKey(TestWithoutTask):
    def make_emulator(self):
        emulator = SalesforceEmulator()
        emulator.store.objects["Task"].add(TASK_KEY)
        return emulator

    def settings(self, emulator):
        return {"token": emulator.token, "task": {"key_field": TASK_KEY.name}}


class TestWithLogIn(TestWithoutTask):
    secrets = ("demo-secret",)

    def settings(self, emulator):
        return {
            "client_id": emulator.login.client_id,
            "client_secret": emulator.login.client_secret,
            "task": {},
            "fields": {"source.url": "Website", "author.name": "Title"},
        }

    def expire(self, emulator):
        emulator.login.end_sessions()
        return True
