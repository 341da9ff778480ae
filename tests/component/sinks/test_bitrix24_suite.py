from mailbridge.sdk import NoTokens
from mailbridge.testing.bitrix24 import Bitrix24Emulator
from mailbridge.testing.sinks import SinkSuite
from mailbridge_sinks.bitrix24 import Bitrix24Sink


class TestBitrix24(SinkSuite):
    def make_emulator(self):
        return Bitrix24Emulator()

    def make_sink(self, emulator, transport):
        config = Bitrix24Sink.Config(url=f"https://portal.example/rest/1/{emulator.token}/", todo={})
        return Bitrix24Sink(config, tokens=NoTokens(), transport=transport)
