"""Three nodes on one PostgreSQL: people are told once, whoever of them looks, sends or goes away."""

import threading

import pytest

from mailbridge.config.canary import CanarySettings
from mailbridge.config.watching import AlertSettings, WatchSettings
from mailbridge.ledger.ledger import Ledger
from mailbridge.observe.clocks import CLOCKS
from mailbridge.stations.alerting import AlertDesk
from mailbridge.stations.canary_mail import CanarySender
from mailbridge.stations.watching import Senses, Watch


class Node:
    def __init__(self, url, sent, canaries):
        self.ledger = Ledger(url)
        self.watch = Watch(
            self.ledger, WatchSettings(), poll_s={}, accounts={}, steady_looks=1,
            senses=Senses(recipes=lambda: self.recipes),
        )  # fmt: skip
        self.recipes = "shop.toml: no such key"
        alerts = AlertSettings(urls=("json://one.example",))
        self.desk = AlertDesk(self.ledger, alerts, timezone="UTC", post=lambda *said: sent.append(said))
        settings = CanarySettings(host="smtp.example.org", to="leads@example.org")
        self.canary = CanarySender(self.ledger, settings, name="shop", send=lambda *said: canaries.append(said))

    def work(self):
        self.watch.cycle()
        self.desk.cycle()
        self.canary.cycle()


@pytest.fixture
def trio(postgres):
    name, sent, canaries = postgres.new_database(), [], []
    nodes = [Node(postgres.url(name), sent, canaries) for _ in range(3)]
    yield nodes, sent, canaries
    for node in nodes:
        node.ledger.close()
    postgres.drop(name)


def all_at_once(nodes):
    threads = [threading.Thread(target=node.work) for node in nodes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def test_what_three_nodes_see_is_told_once_and_once_when_it_is_over(trio):
    nodes, sent, canaries = trio
    for _ in range(3):
        all_at_once(nodes)
    assert ["recipes" in title.lower() for _, title, _ in sent] == [True]
    assert len(canaries) == 1
    holder = next(node for node in nodes if node.ledger.alerts.hold())
    holder.ledger.close()  # the one that told it goes away
    alive = [node for node in nodes if node is not holder]
    for node in alive:
        node.recipes = ""
    for _ in range(3):
        all_at_once(alive)
    assert ["fine again" in title for _, title, _ in sent] == [False, True]
    assert abs(CLOCKS.skews()["ledger"]) < 5, "the clock of the database is compared with ours"
