import pytest

from mailbridge.pipeline.trait import NoTrait, trait_of


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        (" Anna@Example.ORG ", "email:anna@example.org"),
        ("8 (912) 000-00-01", "phone:+79120000001"),
        ("https://vk.com/id1?hash=ab", "url:https://vk.com/id1"),
    ],
)
def test_what_people_type(typed, key):
    assert trait_of(typed).key == key


@pytest.mark.parametrize("typed", ["", "Anna", "123", "vk", "anna@"])
def test_what_names_nobody(typed):
    with pytest.raises(NoTrait):
        trait_of(typed)


@pytest.mark.parametrize(
    ("typed", "text", "found"),
    [
        ("anna@example.org", "Write to <Anna@Example.org>.", True),
        ("anna@example.org", "joanna@example.org", False),
        ("anna@example.org", "anna@example.org.uk", False),
        ("+79120000001", "Телефон: 8 (912) 000-00-01", True),
        ("+79120000001", "8 912 000 00 02", False),
        ("https://vk.com/id1", "see m.vk.com/id1 there", True),
        ("https://vk.com/id1", "https://vk.com/id12", False),
    ],
)
def test_in_a_text(typed, text, found):
    assert trait_of(typed).is_in(text) is found
