"""A plugin of one's own, made by the real command line."""

import pytest


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["vk"], "there is a plugin called 'vk' already"),
        (["Bell-Widget"], "small letters, digits and _"),
        (["1bell"], "small letters, digits and _"),
        (["bell", "--to", "mails"], "mails is there already"),
    ],
)
def test_what_can_not_be_made_is_said(office, words, said):
    office.arrive(1)
    code, out, err = office.run("new", "parser", *words)
    assert (code, out) == (64, "")
    assert said in err


def test_files_are_named_on_standard_output(office):
    code, out, _ = office.run("new", "parser", "bell", "--to", "plugins/bell")
    assert code == 0
    files = out.split()
    assert "plugins/bell/pyproject.toml" in files
    assert all((office.folder / file).is_file() for file in files)
    texts = [(office.folder / file).read_text() for file in files]
    assert not any(word in text for text in texts for word in ("<<", "{%", "NAME"))
