"""Photos of authors become avatars of new contacts, where the operator allows it."""

import base64
from types import SimpleNamespace

from mailbridge.sdk import Author, Delivered, NoTokens, Photo, PhotoConfig
from mailbridge.testing.bitrix24 import Bitrix24Emulator
from mailbridge.testing.bitrix24_data import CONTACT
from mailbridge.testing.interests import make_card, make_delivery
from mailbridge.testing.steps import MemorySteps
from mailbridge.testing.transport import EmulatorTransport
from mailbridge_sinks.bitrix24 import Bitrix24Config, Bitrix24Sink, avatars

PICTURE = b"\xff\xd8\xff" + bytes(range(256))
HOSTS = {"hosts": ["userapi.com"]}


def person(number):
    author = Author(name="А", phones=(f"+7912{number:07}",), photo_url=f"https://sun1.userapi.com/{number}.jpg")
    return make_delivery(make_card(number, author=author))


def deliver(deliveries, **settings):
    portal = Bitrix24Emulator()
    config = Bitrix24Config(url=f"https://portal.example/rest/1/{portal.token}/", **settings)
    sink = Bitrix24Sink(config, tokens=NoTokens(), transport=EmulatorTransport(portal))
    outcomes = sink.deliver(deliveries, MemorySteps())
    assert all(isinstance(outcome, Delivered) for outcome in outcomes), outcomes
    return list(portal.portal.items[CONTACT].values())


def test_a_photo_becomes_the_avatar_of_a_new_contact(monkeypatch):
    monkeypatch.setattr(avatars, "fetch_photo", lambda *_: Photo(PICTURE, "image/jpeg", "photo.jpg"))
    [contact] = deliver([person(1)], photo=HOSTS)
    name, content = contact["photo"]
    assert (name, base64.b64decode(content)) == ("photo.jpg", PICTURE)


def test_nothing_is_fetched_unless_hosts_are_named():
    [contact] = deliver([person(1)])
    assert contact["photo"] is None


def test_photos_hold_up_no_card(monkeypatch):
    clock = iter(range(0, 1_000, 4))
    monkeypatch.setattr(avatars, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))
    asked = []
    monkeypatch.setattr(avatars, "fetch_photo", lambda url, config: asked.append((url, config)))
    assert avatars.fetch_photos([person(number) for number in range(50)], PhotoConfig(**HOSTS)) == {}
    assert len(asked) == 2, "after ten seconds cards go without"
    assert asked[-1][1].timeout_s < 5
