"""Instagram, Twitter, LinkedIn and YouTube: noise is known, interests are read without a template."""

from email.message import EmailMessage

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.sdk import Ignored, Mail, ParseError, TemplateChanged
from mailbridge_parsers import instagram, linkedin, twitter, youtube

PARSERS = {
    "instagram": (instagram.InstagramParser, "no-reply@mail.instagram.com", "https://www.instagram.com/clara.w/"),
    "twitter": (twitter.TwitterParser, "notify@twitter.com", "https://twitter.com/clara_w"),
    "linkedin": (linkedin.LinkedinParser, "notifications-noreply@linkedin.com", "https://www.linkedin.com/in/clara-w"),
    "youtube": (youtube.YoutubeParser, "noreply@youtube.com", "https://www.youtube.com/channel/UC12345"),
}


def mail(network: str, subject: str, markup: str, **headers: str) -> Mail:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = PARSERS[network][1], "shop@example.com", subject
    message["Date"] = "Tue, 12 Mar 2024 10:20:30 +0300"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(markup, subtype="html")
    return decode(message.as_bytes())


def outcome(network: str, subject: str, markup: str = "<p>x</p>", **headers: str):
    return PARSERS[network][0]().parse(mail(network, subject, markup, **headers))


@pytest.mark.parametrize("network", PARSERS)
@pytest.mark.parametrize(
    ("verb", "kind"),
    [
        ("commented on your post", "comment"),
        ("liked your post", "like"),
        ("mentioned you in a post", "mention"),
        ("started following you", "follow"),
        ("sent you a message", "message"),
    ],
)
def test_the_verb_and_the_profile_make_an_interest(network, verb, kind):
    profile = PARSERS[network][2]
    (found,) = outcome(
        network, f"Clara W {verb}", f'<p><a href="{profile}?trk=1">Clara W</a> {verb}:</p><p>Hello there</p>'
    )
    assert (found.kind, found.author.name, found.author.url) == (kind, "Clara W", profile)
    assert found.text == (None if kind in {"like", "follow"} else "Hello there")
    assert (found.source.network, found.source.channel) == (network, "social")


@pytest.mark.parametrize(
    ("network", "subject", "headers", "reason"),
    [
        ("instagram", "000000 is your Instagram code", {}, "login_code"),
        (
            "instagram",
            "Clara W commented on your post",
            {"X_Facebook_Notify": "ig_login_alert; mailid=1"},
            "login_code",
        ),
        ("twitter", "Clara W Tweeted: a loaf...", {}, "digest"),
        ("twitter", 'Clara W shared "a loaf"', {}, "digest"),
        ("twitter", "What's happening", {}, "digest"),
        (
            "linkedin",
            "A story",
            {"X_LinkedIn_Template": "email_editorial_suggested_01"},
            "newsletter",
        ),
        ("linkedin", "Clara W commented", {"X_LinkedIn_Template": "email_notification_digest_01"}, "digest"),
        ("linkedin", "3 jobs", {"X_LinkedIn_Template": "email_job_alert_digest_01"}, "digest"),
        ("youtube", "Clara W just uploaded a video", {}, "subscription"),
        ("youtube", "🔴 Clara W is live now: rye: step by step", {}, "subscription"),
    ],
)
def test_news_and_codes_are_ignored(network, subject, headers, reason):
    assert outcome(network, subject, **headers) == Ignored(reason)


@pytest.mark.parametrize("network", PARSERS)
def test_a_mail_without_event_or_author_goes_to_quarantine(network):
    with pytest.raises(ParseError, match="unknown_event"):
        outcome(network, "Something else")
    with pytest.raises(TemplateChanged, match="no_author"):
        outcome(network, "New comment on it", "<p>There is a new comment on it</p>")


@pytest.mark.parametrize(
    ("target", "sent", "role", "url"),
    [
        (
            instagram.target,
            "https://instagram.com/p/Cx1/c/18/?utm_source=e",
            "object",
            "https://www.instagram.com/p/Cx1/",
        ),
        (instagram.target, "https://www.instagram.com/accounts/login/", "own", ""),
        (twitter.target, "https://x.com/clara_w/status/17?s=20", "object", "https://twitter.com/clara_w/status/17"),
        (
            twitter.target,
            "https://twitter.com/i/redirect?url=https%3A%2F%2Fx.com%2Fclara%3Fcn%3D1",
            "person",
            "https://twitter.com/clara",
        ),
        (twitter.target, "https://twitter.com/intent/favorite?tweet_id=17", "own", ""),
        (
            linkedin.target,
            "https://www.linkedin.com/comm/in/clara-w?midToken=1",
            "person",
            "https://www.linkedin.com/in/clara-w",
        ),
        (linkedin.target, "https://www.linkedin.com/comm/psettings/email?lipi=1", "own", ""),
        (
            youtube.target,
            "http://www.youtube.com/watch?v=abcdef&feature=em&lc=Ug1",
            "object",
            "https://www.youtube.com/watch?v=abcdef&lc=Ug1",
        ),
        (youtube.target, "https://youtu.be/abcdef", "object", "https://www.youtube.com/watch?v=abcdef"),
        (
            youtube.target,
            "https://www.youtube.com/attribution_link?u=/channel/UC1%3Ffeature%3Dem",
            "person",
            "https://www.youtube.com/channel/UC1",
        ),
        (youtube.target, "https://www.youtube.com/account_notifications", "own", ""),
    ],
)
def test_every_form_of_an_address_has_one_canonical_form(target, sent, role, url):
    found = target(sent)
    assert (found.role, found.url) == (role, url)


@pytest.mark.parametrize(
    ("network", "tag"),
    [
        ("instagram", "https://www.instagram.com/explore/tags/rye/"),
        ("twitter", "https://x.com/hashtag/rye"),
        ("linkedin", "https://www.linkedin.com/comm/feed/hashtag/rye"),
        ("youtube", "https://www.youtube.com/hashtag/rye"),
    ],
)
def test_a_hashtag_that_the_network_made_a_link_belongs_to_the_words(network, tag):
    head = f'<p><a href="{PARSERS[network][2]}">Clara W</a> mentioned you in a post:</p>'
    link = f'<a href="{tag}">#rye</a>'
    (found,) = outcome(network, "Clara W mentioned you in a post", f"{head}<p>Best {link} ever</p><p>{link}</p>")
    assert found.text == "Best #rye ever\n\n#rye"


@pytest.mark.parametrize(
    ("mail_class", "kind"), [("INMAIL", "message"), ("MBR-TO-MBR", "message"), ("INVITE-GUEST", "follow")]
)
def test_the_class_of_a_linkedin_mail_tells_what_neither_template_nor_words_tell(mail_class, kind):
    page = f'<p><a href="{PARSERS["linkedin"][2]}">Clara W</a></p><p>Hello there</p>'
    (found,) = outcome("linkedin", "Wholesale", page, X_LinkedIn_Class=mail_class)
    assert (found.kind, found.author.name) == (kind, "Clara W")


def test_a_saved_search_of_linkedin_is_a_recommendation():
    assert outcome("linkedin", "5 new results", X_LinkedIn_Class="SAVEDSEARCH") == Ignored("recommendation")


@pytest.mark.parametrize("kind", ["replied to your post", "mentioned you in a post"])
def test_a_status_of_its_author_is_one_event_under_both_names_of_x(kind):
    markup = '<p><a href="https://{0}/clara_w">Clara W</a> {1}:</p><p>Hi</p><p><a href="https://{0}/clara_w/status/99">View</a></p>'
    ids = {
        one.id
        for host in ("twitter.com", "x.com")
        for one in outcome("twitter", f"Clara W {kind}", markup.format(host, kind))
    }
    assert len(ids) == 1


def test_two_replies_to_one_post_of_ours_stay_two():
    markup = '<p><a href="https://x.com/clara_w">Clara W</a> replied:</p><p>{}</p><p><a href="https://x.com/lavka/status/99">View</a></p>'
    first, second = (
        outcome("twitter", "Clara W replied to your post", markup.format(words)) for words in ("Yes", "And no")
    )
    assert first[0].id != second[0].id
