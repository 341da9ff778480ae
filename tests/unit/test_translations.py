"""What people read is translated: nothing is missing, guessed or older than the code, and numbers take their form."""

import re
import runpy
import time
from datetime import UTC
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from mailbridge.config.watching import AlertSettings, WatchSettings
from mailbridge.ledger.alerts import Alert
from mailbridge.observe.alert_texts import KINDS, SEEN, seen
from mailbridge.observe.health import AccountVitals, CanaryVitals, Measured, Vitals, Watched, findings
from mailbridge.sdk import LANGUAGES, counted, translated
from mailbridge.sdk.translations import SOURCE_LANGUAGE
from mailbridge.stations.alerting import trial, worded

TOOL = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "translations.py"))
OTHERS = [language for language in LANGUAGES if language != SOURCE_LANGUAGE]


def catalogue(language):
    with TOOL["place"](language).open("rb") as file:
        return read_po(file, locale=language)


def forms(value):
    return (value,) if isinstance(value, str) else tuple(value)


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_of_the_code_is_translated_and_no_other(language):
    known, wanted = catalogue(language), TOOL["updated"](language)
    assert len(known) > 150
    assert TOOL["missing"](wanted) == [], "translate these, after: make translations"
    assert {(one.context, forms(one.id)) for one in known} == {(one.context, forms(one.id)) for one in wanted}


@pytest.mark.parametrize("language", OTHERS)
def test_the_compiled_catalogue_is_that_of_the_written_one(language):
    made = BytesIO()
    write_mo(made, catalogue(language))
    assert TOOL["place"](language).with_suffix(".mo").read_bytes() == made.getvalue(), "run: make translations"


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_values_of_its_message(language):
    def values(text):
        return set(re.findall(r"\{(\w*)\}", text))

    wrong = [
        (one.id, said)
        for one in catalogue(language)
        for said in forms(one.string)
        if one.id and values(said) != set.union(*map(values, forms(one.id)))
    ]
    assert wrong == []


def test_what_is_missing_or_guessed_is_found():
    made = catalogue("ru")
    made.add("Nobody has said this", context="alert")
    made.add(("{count} cake", "{count} cakes"), ("{count} торт", "", "{count} тортов"), context="alert")
    made.add("A guess", "Догадка", context="alert", flags=["fuzzy"])
    assert sorted(TOOL["missing"](made)) == ["alert: A guess", "alert: Nobody has said this", "alert: {count} cake"]


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 сообщений"), (1, "1 сообщение"), (2, "2 сообщения"), (4, "4 сообщения"), (5, "5 сообщений"),
        (11, "11 сообщений"), (12, "12 сообщений"), (21, "21 сообщение"), (22, "22 сообщения"), (111, "111 сообщений"),
        (1001, "1001 сообщение"),
    ],
)  # fmt: skip
def test_numbers_take_their_form(count, said):
    assert counted("alert", "{count} message", "{count} messages", count, "ru") == said
    english = "1 message" if count == 1 else f"{count} messages"
    assert counted("alert", "{count} message", "{count} messages", count, "en") == english


def test_what_has_no_translation_is_told_in_english():
    assert translated("alert", "Something new", "ru") == "Something new"
    assert translated("kind", "order", "ru") == translated("label", "order", "ru") == "заказ"
    assert translated("no such context", "order", "ru") == "order"


SICK = Vitals(
    canary=CanaryVitals(missing_s=700.0),
    nodes={},
    mailboxes={"info": None, "sales": 4000.0},
    accounts={
        "amo": AccountVitals(unusable="HTTP 401", open={"ready": 3, "doubt": 1}, waits_s=9e3, doubt_s=9e3, dead=2),
        "b24": AccountVitals(failing_s=900.0),
    },
    late={"amo": 4},
    quarantine={"layout_changed": 30},
    quarantined_lately=30,
    held=("vk",),
    measured=Measured(
        clocks={"mail.example": 90.0},
        tokens={"sink amo": 1.0, "sink b24": 2e9},
        failures={"sales": "timed out"},
        behind={"info": 2},
        silent={"vk": "nothing for 30 h; 12 of these hours usually bring something"},
        recipes="shop.toml: no such field",
    ),
)
FREE_WORDS = {"recipes_refused", "sink_unusable"}
"""What a server or a file says itself."""


def test_whatever_is_seen_is_told_in_the_language_of_the_alert():
    low = ("warn", "400.0 MB free, work stops below 250.0 MB")
    watched = Watched({"info": 60, "sales": 60}, {"amo": "amo", "b24": "b24"}, low, 600.0)
    found = [one for one in findings(SICK, watched, WatchSettings(), 2e9 - 5) if one.kind and one.level != "ok"]
    assert {one.kind for one in found} > {"daemon_silent", "clock_wrong", "quarantine_grows", "source_silent"}
    english = [f"{one.kind}: {one.about}" for one in found if one.kind not in FREE_WORDS and not is_russian(one)]
    assert english == [], "such lines belong into SEEN of observe/alert_texts.py"


def is_russian(finding):
    return bool(re.search("[а-яё]", seen(finding.about, "ru")))


def test_values_of_what_is_seen_stay():
    said = seen("for 95 s: HTTP 503: for {maintenance} of 5 s\nsecond line", "ru")
    assert said == "уже 95 с: HTTP 503: for {maintenance} of 5 s\nsecond line"
    assert seen("comment from vk, Торт «Зима»", "ru") == "комментарий (ВКонтакте), Торт «Зима»"
    assert seen("HTTP 403 from crm.example", "ru") == "HTTP 403 from crm.example"
    assert seen("something that nobody foresaw", "ru") == "something that nobody foresaw"
    assert seen("ends 2027-01-01", "en") == "ends 2027-01-01"


@pytest.mark.parametrize("message", SEEN)
def test_the_longest_message_that_fits_is_taken(message):
    """A shorter one before it would swallow the rest as a value."""
    names = re.findall(r"\{(\w+)\}", message)
    values = {name: f"{number}5" for number, name in enumerate(names, 1)}
    worded = values | {"kind": "заказ", "network": "ВКонтакте"}
    said = seen(message.format(**values | {"kind": "order", "network": "vk"}), "ru")
    assert said == translated("seen", message, "ru").format(**worded)


@pytest.mark.parametrize("kind", KINDS)
def test_alerts_are_told_in_their_language(kind):
    settings = AlertSettings(language="ru", name="Пекарня")
    alert = Alert(1, kind, "amo", "ends 2027-01-01T00:00+00:00", 1.8e9, 1.81e9, False, frozenset(), frozenset())
    for over in (False, True) if KINDS[kind].over else (False,):
        title, text = worded(alert, settings, UTC, over=over)
        assert re.search("[а-яё]", title.removeprefix("Пекарня: ")), title
        lines = [line for line in text.splitlines() if not line.startswith(settings.runbook)]
        assert lines
        assert [line for line in lines if not re.search("[а-яёС]", line)] == []


def test_the_trial_is_told_in_its_language():
    assert trial(AlertSettings(language="ru"), 0.0)[0] == "mailbridge: это проверка"
    assert trial(AlertSettings(), 0.0)[0] == "mailbridge: this is a test"


def test_without_catalogues_it_is_told_in_english(tmp_path, monkeypatch):
    from mailbridge.sdk import translations

    monkeypatch.setattr(translations, "CATALOGUES", tmp_path)
    translations._catalogue.cache_clear()
    assert counted("alert", "{count} message", "{count} messages", 5, "ru") == "5 messages"
    assert translated("kind", "order", "ru") == "order"
    translations._catalogue.cache_clear()


def test_what_a_server_says_at_length_does_not_hold_an_alert_up():
    settings = AlertSettings(language="ru")
    about = "a from b, c " * 20_000
    alert = Alert(1, "sink_unusable", "amo", about, 1.8e9, None, False, frozenset(), frozenset())
    began = time.process_time()
    assert len(worded(alert, settings, UTC, over=False)[1]) < 1000
    assert time.process_time() - began < 2


def test_a_start_loads_no_catalogue():
    """Reading one takes longer than all the rest of a short command."""
    from mailbridge.sdk.translations import _catalogue

    _catalogue.cache_clear()
    assert KINDS
    assert _catalogue.cache_info().misses == 0
