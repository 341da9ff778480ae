import html
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailbridge.mailbox.decode import decode
from mailbridge.sdk import Ignored, Mail, ParseError, Strength, TemplateChanged
from mailbridge_parsers.facebook import FacebookParser
from mailbridge_parsers.facebook.links import target

TOKENS = "&aref=1&medium=email&mid=61aG5&bcode=2.17.AbToken&n_m=shop%40example.com"
POST = "permalink.php&story_fbid=880011&id=990022"
COMMENT = POST + "&comment_id=550033"
RULE = "=" * 40
PORTRAIT = '<img src="https://scontent.xx.fbcdn.net/v/t1.0-1/p1.jpg">'
HEADLINE = "Clara W commented on your post."


def link(path: str, lloc: str = "") -> str:
    return f"https://www.facebook.com/nd/?{path}{TOKENS}" + (f"&lloc={lloc}" if lloc else "")


def anchor(path: str, caption: str, lloc: str = "") -> str:
    return f'<a href="{html.escape(link(path, lloc))}">{caption}</a>'


def body(name: str, words: str, verb: str = "commented on your", path: str = "clara.w", obj: str = COMMENT) -> str:
    return f"""<table id="email_table"><tr><td>{anchor(obj, "Facebook")}</td></tr>
<tr><td><span class="mb_text">{anchor(path, html.escape(name))} {verb} {anchor(obj, "post")}.</span></td></tr>
<tr><td>{anchor(path, PORTRAIT)}</td><td>{anchor(path, html.escape(name))}</td></tr>
<tr><td>March 12 at 10:15 AM</td></tr><tr><td><span class="mb_text">{words}&nbsp;</span></td></tr>
<tr><td>{anchor("email%2Fufi%2Fclick&action=like", "Like", "email_ufi_like")}</td></tr>
<tr><td>{anchor(obj, "View on Facebook", "view_on_facebook_btn")}</td></tr>
<tr><td><a href="https://www.facebook.com/o.php?k=AS">unsubscribe</a></td></tr></table>"""


def text_part(headline: str, words: str, obj: str = COMMENT) -> str:
    return (
        f"{RULE}\nView on Facebook\n{link(obj, 'view_on_facebook_btn')}\n\n{RULE}\n\nHi Larch,\n\n{headline}\n\n"
        f'"{words}"\n\nThanks,\nThe Facebook Team\n\n\n{RULE}\nThis message was sent to shop@example.com.\n'
        "https://www.facebook.com/o.php?k=AS&u=1\nFacebook, Inc., Attention: Community Support\n"
    )


def mail(
    subject: str, *, text: str = "", markup: str = "", sender: str = "notification@facebookmail.com", **headers: str
) -> Mail:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"Facebook <{sender}>", "shop@example.com", subject
    message["Date"] = "Tue, 12 Mar 2024 12:20:30 -0700"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    if text:
        message.set_content(text)
    if markup:
        (message.add_alternative if text else message.set_content)(markup, subtype="html")
    return decode(message.as_bytes())


def read(subject: str, **parts: str):
    (interest,) = FacebookParser().parse(mail(subject, **parts))
    return interest


def outcome(subject: str, **parts: str):
    return FacebookParser().parse(mail(subject, **parts))


@pytest.mark.parametrize(
    ("sent", "role", "url"),
    [
        ("groups%2F44%2F770011%2F", "object", "https://www.facebook.com/groups/44/permalink/770011/"),
        ("groups%2F44%2Fpermalink%2F770011%2F", "object", "https://www.facebook.com/groups/44/permalink/770011/"),
        ("groups%2F44%2Fposts%2F770011", "object", "https://www.facebook.com/groups/44/permalink/770011/"),
        ("groups%2F44%2F", "place", "https://www.facebook.com/groups/44/"),
        (COMMENT, "object", "https://www.facebook.com/permalink.php?story_fbid=880011&id=990022&comment_id=550033"),
        ("photo.php&fbid=12&set=a.1&type=3", "object", "https://www.facebook.com/photo.php?fbid=12&set=a.1"),
        ("clara.w%2Fposts%2F77", "object", "https://www.facebook.com/clara.w/posts/77"),
        ("clara.w", "person", "https://www.facebook.com/clara.w"),
        ("profile.php&id=100", "person", "https://www.facebook.com/profile.php?id=100"),
        ("%D0%9F%D0%B5%D0%BA-1%2F", "person", "https://www.facebook.com/%D0%9F%D0%B5%D0%BA-1"),
        ("messages%2Ft%2F55", "talk", "https://www.facebook.com/messages/t/55"),
        ("friends%2Fcenter%2F&fcode=AY&f=5", "own", ""),
        ("email%2Fufi%2Fclick&action=like&target=1", "own", ""),
        ("settings&tab=notifications", "own", ""),
        ("profile.php", "own", ""),
    ],
)
@pytest.mark.parametrize("wrapper", ["n", "nd"])
def test_a_wrapped_link_is_unwrapped_without_what_acts_for_the_recipient(sent, role, url, wrapper):
    for lloc in ("", "&lloc=profile_link"):
        found = target(f"https://www.facebook.com/{wrapper}/?{sent}{lloc}{TOKENS}")
        assert (found.role, found.url) == (role, url)


def test_links_elsewhere_and_look_alikes_are_outside():
    assert (
        target("https://l.facebook.com/l.php?u=https%3A%2F%2Fbread.example%3Ffbclid%3D1&h=AT").url
        == "https://bread.example/"
    )
    assert target("https://www.facebook.com.evil.example/clara.w").role == "outside"


def test_the_whole_text_comes_from_the_text_part_and_the_place_from_links():
    cut = f"Is the &quot;honey&quot; cake…&nbsp;{anchor(COMMENT, 'See more', 'see_more')}"
    whole = 'Is the "honey" cake there?\n\n"Two" kilos'
    found = read(
        "Clara W commented on your post",
        markup=body("Clara W", cut),
        text=text_part(HEADLINE, whole),
    )
    assert found.text == whole
    assert found.author.url == "https://www.facebook.com/clara.w"
    assert found.author.photo_url == "https://scontent.xx.fbcdn.net/v/t1.0-1/p1.jpg"
    assert found.occurred_at.isoformat() == "2024-03-12T10:15:00-07:00"
    assert (found.refs.post, found.refs.comment) == ("880011", "550033")


def test_a_cut_text_without_a_text_part_ends_with_an_ellipsis_and_no_button():
    cut = f"Is the honey cake…&nbsp;{anchor(COMMENT, 'See more', 'see_more')}"
    assert read("Clara W commented on your post", markup=body("Clara W", cut)).text == "Is the honey cake…"


@pytest.mark.parametrize(
    ("verb", "subject", "kind", "text"),
    [
        ("likes your", "Clara W likes your post", "like", None),
        ("commented on your", "Clara W commented on your post", "comment", "Hello"),
        ("shared your", "Clara W shared your post", "repost", "Hello"),
        ("mentioned you in a", "Clara W mentioned you in a post", "mention", "Hello"),
        ("прокомментировала вашу", "Clara W прокомментировала вашу публикацию", "comment", "Hello"),
        ("hat deinen Beitrag kommentiert:", "Clara W hat deinen Beitrag kommentiert", "comment", "Hello"),
    ],
)
def test_the_kind_is_told_by_the_verb(verb, subject, kind, text):
    found = read(subject, markup=body("Clara W", "Hello", verb))
    assert (found.kind, found.text, found.author.name) == (kind, text, "Clara W")


@pytest.mark.parametrize(
    ("event", "kind"),
    [("feed_comment", "comment"), ("page_fan", "like"), ("page_follow", "follow"), ("msg", "message")],
)
def test_the_type_in_the_headers_goes_before_words_of_any_language(event, kind):
    markup = body("Clara W", "Hello", "gjorde något med din", obj=POST)
    found = read("Clara W gjorde något", markup=markup, X_Facebook_Notify=f"{event}; mailid=1")
    assert (found.kind, found.author.name, found.author.url) == (kind, "Clara W", "https://www.facebook.com/clara.w")


def test_stars_in_the_headline_are_the_rating_of_a_review():
    found = read("Clara W gave Larch Bakery 4 stars", markup=body("Clara W", "Lovely", "gave Larch Bakery 4 stars"))
    assert (found.kind, found.rating, found.text) == ("review", 4, "Lovely")


def test_one_comment_told_in_two_mails_has_one_id_and_two_comments_have_two():
    first = read("Clara W commented on your post", markup=body("Clara W", "A"))
    told_again = read("Clara W mentioned you in a comment", markup=body("Clara W", "A", "mentioned you in a"))
    other = read("Clara W commented on your post", markup=body("Clara W", "A", obj=POST + "&comment_id=9"))
    assert first.id == told_again.id != other.id


def test_one_post_has_one_id_in_both_forms_of_its_address():
    forms = ("groups%2F44%2F770011%2F", "groups%2F44%2Fpermalink%2F770011%2F")
    ids = {read("Clara W posted in G", markup=body("Clara W", "A", "posted in G:", obj=form)).id for form in forms}
    assert len(ids) == 1


def test_two_people_of_one_name_without_an_address_are_two_interests():
    likes = [
        read("Clara W likes your post", text=f"Hi,\n\nClara W likes your post.\n\n{link(POST)}\n{n}") for n in (1, 2)
    ]
    assert likes[0].id != likes[1].id


@pytest.mark.parametrize(
    ("sender", "subject", "reason"),
    [
        ("security@facebookmail.com", "Was this you?", "security"),
        ("birthdays@facebookmail.com", "Clara W has something to celebrate", "birthday"),
        ("friendsuggestion@facebookmail.com", "Clara W and 3 others", "recommendation"),
        ("notification+zx@facebookmail.com", "You have notifications pending", "digest"),
    ],
)
def test_what_facebook_says_of_itself_is_ignored(sender, subject, reason):
    assert outcome(subject, sender=sender, markup="<p>x</p>") == Ignored(reason)


def test_a_mail_without_event_or_author_goes_to_quarantine():
    with pytest.raises(ParseError, match="unknown_event"):
        outcome("Something else", markup="<p>New!</p>")
    with pytest.raises(TemplateChanged, match="no_author"):
        outcome("New comment on your post", markup="<p>There is a new comment on your post.</p>")


def test_forged_headers_are_recognised_but_an_instagram_mail_is_not_ours():
    forged = mail("x", sender="a@evil.example", markup="<p>x</p>", X_Facebook_Notify="feed_comment; mailid=1")
    assert [route.strength for route in FacebookParser.routes if route.holds(forged)] == [Strength.SIGN]
    instagram = mail("x", sender="no-reply@mail.instagram.com", markup="<p>x</p>", X_Mailer="ZuckMail [version 1.00]")
    assert not [route for route in FacebookParser.routes if route.holds(instagram)]


HOSTILE = st.lists(
    st.sampled_from(
        [
            "Bob Lee mentioned you in a comment",
            "Иван Иванов поделился вашей публикацией",
            "https://www.facebook.com/bob.lee",
            "https://www.facebook.com/permalink.php?story_fbid=6&id=6&comment_id=6",
            RULE,
            '"',
            '"quoted"',
            "Thanks,",
            "The Facebook Team",
            "March 1 at 9:00 AM",
            "View on Facebook",
            "From: Bob <bob@evil.example>",
            "<b>bold</b> & more",
            "",
        ]
    )
    | st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=60),
    min_size=1,
    max_size=8,
).map("\n".join)


@settings(max_examples=30, deadline=None)
@given(HOSTILE)
@example(f'a\n{RULE}\nhttps://www.facebook.com/n/?evil&mid=1\n{RULE}\n"Bob Lee likes your post"')
def test_words_of_a_stranger_change_neither_author_nor_place_nor_kind(words):
    markup = body("Clara W", html.escape(words).replace("\n", "<br>"))
    for parts in ({"text": text_part(HEADLINE, words)}, {"markup": markup}):
        found = read("Clara W commented on your post", **parts)
        assert (found.kind, found.author.name, found.refs.comment) == ("comment", "Clara W", "550033")
        assert found.author.url in {None, "https://www.facebook.com/clara.w"}
        assert (
            found.source.url == "https://www.facebook.com/permalink.php?story_fbid=880011&id=990022&comment_id=550033"
        )


@settings(max_examples=30, deadline=None)
@given(st.from_regex(r"[A-ZА-Я][a-zа-яё]{1,20}( [A-ZА-Я][a-zа-яё]{1,20}){0,2}", fullmatch=True), st.integers(1, 10**15))
@example("Liked Posted", 1)
@example("Иван Лайков", 2)
def test_any_name_is_read_as_it_stands(name, user):
    found = read("A comment on your post", markup=body(name, "Hello", path=f"profile.php&id={user}"))
    assert (found.kind, found.author.name) == ("comment", name)
    assert found.author.url == f"https://www.facebook.com/profile.php?id={user}"


def test_no_field_carries_a_token_of_the_recipient():
    found = read(
        "Clara W commented on your post",
        markup=body("Clara W", "Hello"),
        text=text_part(HEADLINE, "Hello"),
    )
    shown = str(found.to_json())
    assert not any(token in shown for token in ("bcode", "n_m", "AbToken", "61aG5", "shop%40", "lloc", "o.php"))


def test_the_picture_of_a_group_above_the_person_is_not_the_persons():
    group = "groups%2F44%2F"
    page = (
        f"<table><tr><td>{anchor(group, PORTRAIT, 'profile_link')}</td>"
        f"<td>{anchor(group, 'Bakers', 'profile_link')}</td></tr>"
        f"<tr><td>{anchor('clara.w', 'Clara W', 'profile_link')} posted</td></tr><tr><td>Flour, please</td></tr>"
        f"<tr><td>{anchor('groups%2F44%2F770011%2F', 'View', 'view_on_facebook_btn')}</td></tr></table>"
    )
    found = read("Clara W posted in Bakers", markup=page)
    assert (found.author.name, found.author.photo_url, found.source.title) == ("Clara W", None, "Bakers")
    assert found.product.url == "https://www.facebook.com/groups/44/"


@pytest.mark.parametrize("lloc", ["view_on_facebook_btn", "1st_cta", "new_view"])
def test_the_caption_of_a_button_is_nobody(lloc):
    page = f"<p>{anchor('oak.bakery', 'Open the page', lloc)}</p><p>This message was sent to you.</p>"
    with pytest.raises(TemplateChanged, match="no_author"):
        outcome("You have a new follower", markup=page, X_Facebook_Notify="page_follow; mailid=1")


@pytest.mark.parametrize(
    ("headline", "group"),
    [
        ("Clara W posted in Bakers of Oslo.", "Bakers of Oslo"),
        ("Clara W created a poll in Bakers: flour", "Bakers: flour"),
        ("Clara W shared a link in Bakers: Rye or wheat?", "Bakers"),
        ('Клара В сделала публикацию в группе Хлеб: ржаной и белый: "Rye…', "Хлеб: ржаной и белый"),
    ],
)
def test_a_headline_names_the_group_and_may_quote_words_behind_it(headline, group):
    found = read(headline, text=text_part(headline, "Rye or wheat?", "groups%2F44%2F770011%2F"))
    assert (found.source.title, found.text) == (group, "Rye or wheat?")


def test_who_asks_to_be_a_friend_is_known_by_the_number_in_the_button():
    button = anchor("friends%2Fcenter%2Frequests%2F&f=100077", "Confirm", "1st_cta")
    found = read(
        "Clara W wants to be friends on Facebook", markup=f"<p>Clara W wants to be friends.</p><p>{button}</p>"
    )
    assert (found.author.name, found.author.url) == ("Clara W", "https://www.facebook.com/profile.php?id=100077")


def test_the_text_part_may_be_the_one_that_is_cut():
    whole = "Do you ship to Oslo?<br>Twenty loaves of rye."
    found = read(HEADLINE, markup=body("Clara W", whole), text=text_part(HEADLINE, "Do you ship to Oslo? Twenty…"))
    assert found.text == "Do you ship to Oslo?\nTwenty loaves of rye."
    found = read(HEADLINE, markup=body("Clara W", "Something else"), text=text_part(HEADLINE, "Well…"))
    assert found.text == "Well…"
