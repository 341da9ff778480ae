"""What a CRM repeats of a card is not logged."""

from mailbridge.pipeline.discretion import discreet
from mailbridge.testing.interests import make_card

CARD = make_card(7)


def test_a_refusal_keeps_its_reason_and_loses_the_person():
    said = (
        f'HTTP 400: field EMAIL: "{CARD.author.email}" is not valid; PHONE {CARD.author.phones[0]};'
        f" NAME {CARD.author.name}; COMMENTS {CARD.text}; contact other.person@example.org, 8 (912) 000-11-22"
    )
    told = discreet(said, [CARD])
    assert told.startswith("HTTP 400: field EMAIL:")
    assert "is not valid" in told
    for word in (CARD.author.email, CARD.author.phones[0], "Петров", "доставка", "other.person", "000-11-22"):
        assert word not in told


def test_a_reason_without_anything_of_a_card_is_logged_as_it_is():
    said = "HTTP 400: pipeline 1234567 has no stage 142 (NotSupportedChoice)"
    assert discreet(said, [CARD]) == said
