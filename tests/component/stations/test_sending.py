"""What a worker of a sink takes, and what it keeps of it."""

import gc
import weakref

import pytest

from component.ledger.conftest import ACCOUNT
from mailbridge.app import build
from mailbridge.config import SinkSettings, load_settings
from mailbridge.sdk import Delivered, Manifest, Receipt
from mailbridge.stations.sending import Sender

LEAD = '{ external_key = "{{ key }}", name = "{{ who }}" }'


class Crm:
    """Takes everything; remembers the cards without holding them."""

    manifest = Manifest(name="crm", title="CRM")

    def __init__(self):
        self.cards = []

    def check(self):
        pass

    def deliver(self, deliveries, steps):
        for one in deliveries:
            self.cards.append(weakref.ref(one.interest))
            steps.writing("lead", [one.key])
            steps.finished("lead", {one.key: "7"})
        return [Delivered(Receipt("7"))] * len(deliveries)

    def close(self):
        pass


def test_a_worker_without_work_keeps_nothing_of_its_last_batch(kit):
    crm = Crm()
    settings = SinkSettings(type="crm")
    sender = Sender(ACCOUNT, settings, kit.ledger, lambda _: crm, rate_per_s=100, max_batch=5, sleep=lambda _: True)
    keys = [kit.deliver(number) for number in (1, 2, 3)]
    assert sender.cycle() == 3
    gc.collect()
    assert len(crm.cards) == 3
    assert [card() for card in crm.cards] == [None, None, None]
    assert {kit.row(key)["state"] for key in keys} == {"delivered"}


@pytest.mark.parametrize(
    ("step", "taken"),
    [
        (f"body = {LEAD}", 50),
        (f'batch = 100\nitem = {LEAD}\nbody = {{ leads = "{{{{ items }}}}" }}\nrows = "leads"', 100),
    ],
)
def test_a_worker_takes_as_many_as_the_requests_of_its_sink_hold(tmp_path, step, taken):
    (tmp_path / "mails").mkdir()
    config = tmp_path / "config.toml"
    config.write_text(
        '[mailboxes.drop]\ntype = "directory"\npath = "mails"\n[run]\nparse_workers = 0\n'
        '[sinks.crm]\ntype = "rest"\nurl = "https://crm.example"\nauth = "none"\n'
        f'[sinks.crm.steps.lead]\npath = "/leads"\n{step}\n'
    )
    app = build(load_settings(config))
    try:
        assert {sender.max_batch for sender in app.senders} == {taken}
    finally:
        app.close()
