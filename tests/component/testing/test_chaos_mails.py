"""What the chaos runs send is what they say they send."""

from chaos.mails import expected, make


def test_the_same_seed_makes_the_same_mails_and_another_seed_others():
    assert make(12, 7) == make(12, 7)
    assert not {mail.raw for mail in make(12, 7)} & {mail.raw for mail in make(12, 8)}


def test_every_mail_is_an_interest_of_its_own_and_some_authors_write_twice():
    mails = make(50, 7)
    assert len({interest for mail in mails for interest in mail.interests}) == 50
    assert len(expected(mails, "amo")) == 50
    assert not expected(mails, "amo") & expected(mails, "bitrix"), "keys of two accounts never meet"
    assert 40 < len({mail.author for mail in mails}) < 50
