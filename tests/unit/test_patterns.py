"""No pattern of ours hangs: nested quantifiers do, and timing shows it whatever they look like."""

import re
import signal
import time

import pytest

from patterns import REPEATS, Known, _inner, attack_text, attacks, known_patterns, parser

SLOW_S = 0.6
"""CPU on 2,000 characters, longer than any line of a notification: what is quadratic passes, what is worse does not."""


BOUNDED = {
    "mailbridge_parsers.form.goods.": 400,  # the longest item that is looked at
    "mailbridge_parsers.chats._SPOKEN": 40,  # a line with a longer gap is never given to it
    "mailbridge_parsers.form.bitrix.": 200,  # the name of an event of 1C-Bitrix, of one header field
}
"""Beginning of a place → characters that its patterns ever see."""


class TooSlowError(Exception):
    pass


def seconds(known: Known, text):
    """Return CPU seconds, at most two."""

    def stop(*_):
        raise TooSlowError

    use = known.pattern.search if known.searches else known.pattern.fullmatch
    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, 2)
    began = time.process_time()
    try:
        use(text)
    except TooSlowError:
        return 2.0
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    return time.process_time() - began


def slowest(known: Known):
    """Return the seconds at n, 2n, 4n of the worst attack, and the attack; short ones first: some would never end."""
    worst, at = (0.0,), None
    for attack in attacks(known.pattern):
        took = []
        for size in _sizes(known):
            took.append(seconds(known, attack_text(known.pattern, attack, size)))
            if took[-1] > SLOW_S:
                break
        if took[-1] > worst[-1]:
            worst, at = tuple(took), attack
        if took[-1] > SLOW_S:
            break
    return worst, at


def _sizes(known):
    most = next((size for place, size in BOUNDED.items() if known.place.startswith(place)), 2_000)
    return (50, most // 4, most // 2, most)


@pytest.mark.slow
def test_no_pattern_of_the_program_is_slow():
    patterns = known_patterns()
    assert len(patterns) > 600
    slow = []
    for known in patterns:
        worst, attack = slowest(known)
        if worst[-1] > SLOW_S:
            slow.append(
                f"{known.place}: {known.pattern.pattern!r:.90} on {attack!r:.60}: {[round(one, 3) for one in worst]}"
            )
    assert slow == []


def nested(tree, *, inside=False):
    """Whether an endless repeat of one thing stands alone inside another: (a+)+, ([a-z]+)*, (a|b+)*."""
    for op, value in tree:
        if op in REPEATS:
            endless = value[1] is parser.MAXREPEAT and op is not parser.POSSESSIVE_REPEAT
            body = list(value[2])
            if endless and inside and len(tree) == 1:
                return True
            if nested(body, inside=endless):
                return True
        elif any(
            nested(list(one), inside=inside and len(tree) == 1)
            for one in _inner(op, value)
            if op is not parser.ATOMIC_GROUP
        ):
            return True
    return False


def test_no_pattern_repeats_a_repeat():
    found = []
    for known in known_patterns():
        text = known.pattern.pattern
        tree = parser.parse(
            text if isinstance(text, str) else text.decode("latin-1"), known.pattern.flags & ~re.UNICODE
        )
        if nested(list(tree)):
            found.append(f"{known.place}: {text!r:.100}")
    assert found == []


@pytest.mark.parametrize(
    "evil", [r"(a+)+$", r"([a-z]+)*!", r"(?:x|\d+)*y", r"(?:\s*\w+\s*)*;", r"(a|a)*b", r"^(.*a){9,}$"]
)
def test_a_planted_pattern_is_found(evil):
    known = Known(re.compile(evil), "planted", searches=True)
    assert nested(list(parser.parse(evil))) or slowest(known)[0][-1] > SLOW_S


@pytest.mark.parametrize(
    "good", [r"\w+\s*:\s*\S+", r"(?:\w+\.)+com", r"(?:a+)(?:b+)", r"(?>a+)+$", r"[^<>]*>", r"(\d{1,3}\.){3}\d+"]
)
def test_a_harmless_pattern_is_left_alone(good):
    known = Known(re.compile(good), "harmless", searches=True)
    assert not nested(list(parser.parse(good)))
    assert slowest(known)[0][-1] <= SLOW_S
