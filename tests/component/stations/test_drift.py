"""A changed template is noticed with its first mail, told once, and only its own mails wait."""

import pytest
import structlog.testing

from mailbridge.ledger.ledger import Ledger
from mailbridge.mailbox.decode import decode
from mailbridge.pipeline.drift import alike, outline_of
from mailbridge.pipeline.parsing import TrustRules, read_mail
from mailbridge.pipeline.routing import Router
from mailbridge.ports import Arrival, Chunk
from mailbridge.registry import make_parsers
from mailbridge.stations.drifting import DriftWatch
from mailbridge.stations.reading import InProcessCrew, ReadingRoom
from mailbridge.testing.fixtures import cases

HEAD = """\
From: Shop <wordpress@shop.example>
To: leads@example.org
Subject: New request {number}
Date: Sun, 22 Nov 2026 10:{minute:02}:00 +0300
Message-ID: <{number}@shop.example>
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

"""
OLD = """<html><body style="margin:0"><table class="form" style="width:600px">
<tr class="row"><td class="label">Name</td><td class="value">Person {number}</td></tr>
<tr class="row"><td class="label">Phone</td><td class="value">+44 20 7946 0{number:03}</td></tr>
<tr class="row"><td class="label">Message</td><td class="value">{text}</td></tr></table>
<p class="foot"><a href="https://shop.example/forms/{number}">open</a></p></body></html>
"""
NEW = """<html><body><div id="wrap" style="max-width:40em"><h2 class="t">Request</h2><dl class="grid">
<dt class="k">Name</dt><dd class="v">Person {number}</dd>
<dt class="k">Message</dt><dd class="v">{text}</dd>{more}</dl><a class="btn" href="https://shop.example/forms/{number}">Reply</a></div></body></html>
"""
PHONE = '<dt class="k">Phone</dt><dd class="v">+44 20 7946 0{number:03}</dd>'


def mail(number, body=OLD, more=""):
    text = "How much is it? " * (1 + number % 7)
    words = {"number": number, "minute": number % 60, "text": text}
    return (HEAD + body).format(**words, more=more.format(**words)).encode()


class Desk:
    def __init__(self, folder):
        self.ledger = Ledger(f"sqlite:///{folder / 'ledger.db'}", new=True)
        crew = InProcessCrew({}, TrustRules())
        drift = DriftWatch(self.ledger.layouts)
        self.room = ReadingRoom(self.ledger.reader, crew, {}, receivers={}, searches_first=False, drift=drift)
        self.count = 0

    def read(self, *mails):
        """Read mails as one chunk; return the events about layouts."""
        arrivals = tuple(Arrival(self.count + place, raw, None, len(raw)) for place, raw in enumerate(mails, 1))
        self.count += len(mails)
        self.ledger.intake("box").store(Chunk(1, arrivals, self.count))
        with structlog.testing.capture_logs() as told:
            while self.room.cycle():
                pass
        return [one for one in told if one["event"] == "layout_changed"]

    def quarantined(self):
        return self.ledger.listings.counts()["mails"].get("quarantined", 0)


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    yield made
    made.ledger.close()


def test_one_layout_stays_one_whatever_people_write(desk):
    assert desk.read(*map(mail, range(30))) == []
    (layout,) = desk.ledger.layouts.all()
    assert (layout["source"], layout["mails"], layout["state"]) == ("form@shop.example", 30, "known")
    assert layout["fill_rates"]["form request"]["author.name"] == 1.0


def test_a_new_layout_that_lost_a_field_is_told_once_and_waits_alone(desk):
    desk.read(*map(mail, range(25)))
    told = desk.read(mail(100, NEW), mail(101, NEW))
    assert [(one["source"], one["missing"]) for one in told] == [("form@shop.example", ["contact"])]
    assert desk.read(mail(102, NEW)) == []
    assert desk.quarantined() == 3
    reasons = {row["reason"] for row in desk.ledger.listings.mails(_quarantined())}
    assert reasons == {"layout_changed"}
    assert desk.read(mail(200)) == []
    assert desk.quarantined() == 3, "the old layout goes on"
    assert desk.ledger.vitals().held == ("form@shop.example",)


def test_a_new_layout_with_everything_in_it_is_told_and_passes(desk):
    desk.read(*map(mail, range(25)))
    (told,) = desk.read(mail(100, NEW, PHONE))
    assert (told["missing"], told["outcome"]) == ([], "parsed")
    assert desk.read(mail(101, NEW, PHONE)) == []
    assert desk.quarantined() == 0
    assert {one["state"] for one in desk.ledger.layouts.all()} == {"known", "new"}


def test_a_layout_that_its_parser_can_not_read_is_told_of_too(desk):
    known = next(case.raw for case in cases() if case.name == "vk/comment_en")
    head = known.split(b"\n\n" if b"\r\n\r\n" not in known else b"\r\n\r\n")[0]
    assert desk.read(*(b"X-Copy: %d\n" % number + known for number in range(15))) == []
    lines = [line for line in head.splitlines() if not line.lower().startswith((b"content-", b"subject:", b" ", b"\t"))]
    fresh = b"\r\n".join(
        [*lines, b"Subject: News", b"Content-Type: text/html", b"", b"<b class=a>?</b><i class=b>!</i>", b""]
    )
    (told,) = desk.read(fresh)
    assert (told["source"].partition("@")[0], told["outcome"]) == ("vk", "quarantined")
    assert desk.read(fresh + b"<p>") == []


RENAMED = OLD.replace(">Name<", ">Called<")
MOVED = OLD.replace(">Name<", ">X<").replace(">Phone<", ">Name<").replace(">X<", ">Phone<").replace(
    "Person {number}", "+44 20 7946 1{number:03}", 1
).replace("+44 20 7946 0{number:03}", "Person {number}")  # fmt: skip
DROPPED = OLD.replace('<tr class="row"><td class="label">Phone', "<!--").replace("{number:03}</td></tr>", "-->")


def test_a_label_that_is_called_otherwise_holds_the_mails_that_lost_its_field_by_it(desk):
    desk.read(*map(mail, range(25)))
    told = desk.read(mail(100, RENAMED), mail(101), mail(102, RENAMED))
    assert [one["missing"] for one in told] == [["author.name"]]
    assert desk.read(mail(103, RENAMED), mail(104)) == []
    rows = desk.ledger.listings.mails(_quarantined())
    assert len(rows) == 3
    detail = desk.ledger.listings.mail(rows[0]["mail_id"])["detail"]
    assert "has no author.name, which its mails always had; labels never seen before: Called" in detail
    assert "Called" not in str(told), "labels are words of a mail: none in the log"


@pytest.mark.parametrize("body", [OLD.replace(">Phone<", ">Telephone<"), MOVED])
def test_a_label_that_was_renamed_or_moved_and_lost_nothing_is_told_once_and_passes(desk, body):
    desk.read(*map(mail, range(25)))
    (told,) = desk.read(mail(100, body))
    assert (told["missing"], told["outcome"]) == ([], "parsed")
    assert desk.read(mail(101, body), mail(102)) == []
    assert desk.quarantined() == 0
    assert sorted(one["mails"] for one in desk.ledger.layouts.all()) == [2, 26]


def test_a_form_that_lost_every_way_to_reach_a_person_waits(desk):
    desk.read(*map(mail, range(25)))
    (told,) = desk.read(mail(100, DROPPED))
    assert told["missing"] == ["contact"]
    assert desk.quarantined() == 1
    assert desk.ledger.vitals().held == ("form@shop.example",)


def test_a_held_layout_is_known_once_its_parser_reads_all_of_it(desk):
    desk.read(*map(mail, range(25)))
    desk.read(mail(100, NEW))
    assert desk.ledger.vitals().held == ("form@shop.example",)
    assert desk.read(mail(101, NEW, PHONE)) == []
    desk.room.cycle()
    assert desk.ledger.vitals().held == ()


def test_labels_that_people_or_carts_make_are_no_news(desk):
    def with_cart(number):
        label = "".join(chr(ord("a") + int(digit)) for digit in str(number))
        row = f'<tr class="row"><td class="label">Stove {label}</td><td class="value">1</td></tr>'
        return OLD.replace("<tr", row + "<tr", 1)

    assert desk.read(*(mail(number, with_cart(number)) for number in range(40))) == []
    assert desk.read(*map(mail, range(40, 43))) == []


def test_two_forms_of_one_site_in_one_look_are_two_layouts(desk):
    other = OLD.replace(">Name<", ">Company<").replace(">Message<", ">Town<")
    desk.read(*(mail(number, other if number % 2 else OLD) for number in range(40)))
    assert [one["mails"] for one in desk.ledger.layouts.all()] == [20, 20]


def test_the_two_layouts_that_facebook_really_had_are_two_and_both_are_read(desk):
    found = {case.name: case.raw for case in cases()}
    today, before = found["facebook/comment_with_shared_link_preview"], found["facebook/comment_2010_text_fake_footer"]
    assert desk.read(*(b"X-Copy: %d\n" % number + today for number in range(25))) == []
    (told,) = desk.read(b"X-Copy: a\n" + before, b"X-Copy: b\n" + before)
    assert (told["source"], told["outcome"], told["missing"]) == ("facebook@facebookmail.com", "parsed", [])
    assert desk.read(found["facebook/comment_de_unknown_words"]) == [], "another comment in the layout of today"
    assert desk.quarantined() == 0


def test_a_source_that_is_still_learned_is_no_news(desk):
    assert desk.read(*map(mail, range(5)), *(mail(number, NEW) for number in range(5, 8))) == []
    assert desk.quarantined() == 0


def test_a_source_that_makes_each_mail_anew_is_not_watched_and_costs_no_more_and_more(desk):
    odd = [
        mail(number, OLD.replace('class="', f'class="{chr(97 + number % 26) * (number // 26 + 3)}'))
        for number in range(60)
    ]
    assert desk.read(*odd) == []
    assert desk.quarantined() == 0
    assert len(desk.ledger.layouts.all()) <= 30


def test_other_sizes_and_colours_are_the_same_layout(desk):
    desk.read(*map(mail, range(25)))
    assert desk.read(mail(100, OLD.replace("600px", "640px").replace("margin:0", "margin:1em"))) == []
    assert len(desk.ledger.layouts.all()) == 1


def test_a_person_lets_it_pass(desk):
    desk.read(*map(mail, range(25)))
    (told,) = desk.read(mail(100, NEW))
    desk.ledger.layouts.accept(told["layout"][:6])
    desk.read(mail(101, NEW))
    assert desk.quarantined() == 1
    assert desk.ledger.vitals().held == ()


def test_letters_of_people_have_no_layout():
    router = Router(make_parsers())
    for case in cases():
        read = decode(case.raw)
        reading = read_mail(read, router, TrustRules())
        if reading.parser == "direct":
            assert outline_of(read, reading) is None, case.name


def test_mails_of_one_template_are_alike_and_of_others_not():
    router = Router(make_parsers())

    def signs(raw):
        read = decode(raw)
        return outline_of(read, read_mail(read, router, TrustRules())).signs

    assert alike(signs(mail(1)), signs(mail(900))) > 0.9
    assert alike(signs(mail(1)), signs(mail(1, NEW))) < 0.3
    assert alike(signs(mail(1, NEW)), signs(mail(2, NEW, PHONE))) > 0.9


def _quarantined():
    from mailbridge.ledger.listing import Wanted

    return Wanted(state="quarantined")
