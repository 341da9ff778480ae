"""Who shares an address, a number, a profile or a person is one person, in whatever order they come."""

from hypothesis import given
from hypothesis import strategies as st

from mailbridge.ledger.persons import _groups

KEYS = st.sampled_from([f"email:{letter}@people.example" for letter in "abcdefgh"])


def told(keys, known):
    """Return groups as anybody would make them: by joining any two as long as two have something in common."""
    groups = [[set(some), {known[key] for key in some if key in known}] for some in keys if some]
    for _ in groups:
        for one in groups:
            for other in groups:
                if one[0] & other[0] or one[1] & other[1]:
                    one[0] |= other[0]
                    one[1] |= other[1]
    return {(frozenset(one[0]), frozenset(one[1])) for one in groups}


@given(
    keys=st.lists(st.lists(KEYS, max_size=3, unique=True), max_size=8), known=st.dictionaries(KEYS, st.integers(1, 3))
)
def test_groups_are_those_that_anybody_would_make(keys, known):
    groups = _groups(keys, known)
    assert {(frozenset(one.keys), frozenset(one.persons)) for one in groups} == told(keys, known)
    assert len({key for one in groups for key in one.keys}) == sum(len(one.keys) for one in groups)
