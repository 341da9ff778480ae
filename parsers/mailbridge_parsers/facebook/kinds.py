"""Event types that Facebook names in X-Facebook-Notify and Feedback-ID, the same in every language."""

import re

from mailbridge.sdk import Kind, Mail

_KNOWN: dict[str, Kind] = {
    "friend": "follow",
    "friend_confirmed": "follow",
    "feed_comment": "comment",
    "msg": "message",
    "page_fan": "like",
    "page_follow": "follow",
}
_BY_WORD: tuple[tuple[str, Kind], ...] = (
    (r"mention|tag(?:ged)?", "mention"),
    (r"comment|reply", "comment"),
    (r"review|recommend_page|page_recommendation", "review"),
    (r"share|reshare", "repost"),
    (r"like|reaction|fan", "like"),
    (r"follow|friend|join", "follow"),
    (r"msg|message|inbox", "message"),
    (r"lead", "request"),
    (r"post|wall|story|group_activity|close_friend_activity|photo|video|status", "post"),
)
_NOISE = (
    (r"login|password|recover\w*|verify|confirm\w*email|security|code|checkpoint|2fac|contactpoint", "security"),
    (r"registration|reg|welcome|onboarding|account_reactivation|reactivation", "registration"),
    (r"birthday\w*", "birthday"),
    (r"pymk|pyml|gysj|suggest\w*|recommend\w*|recommendation\w*|friends?_suggestion", "recommendation"),
    (r"digest|stale_email|stale|weekly|summary|insights|stats|highlights|missed", "digest"),
    (r"memories|onthisday|throwback", "memories"),
    (r"biz_\w+|ads?|ad_\w+|payment|billing|receipt|invoice|policy|terms|marketing|newsletter|promo\w*", "service"),
)
_SENDERS = {
    "security": "security",
    "registration": "registration",
    "birthdays": "birthday",
    "friendsuggestion": "recommendation",
    "advertise-noreply": "service",
}


def event_type(mail: Mail) -> str:
    """Return the type that the mail names, "" when it names none."""
    named = mail.headers.get("X-Facebook-Notify").partition(";")[0].strip().lower()
    if named:
        return named
    feedback = mail.headers.get("Feedback-ID").split(":")
    return feedback[1].strip().lower() if len(feedback) >= 3 else ""


def acting_user(mail: Mail) -> str:
    """Return the number of the acting person's profile, "" when the mail names none."""
    match = re.search(r";\s*from=(\d{3,20})\s*(?:;|$)", mail.headers.get("X-Facebook-Notify"))
    return match[1] if match else ""


def known_kind(event: str) -> Kind | None:
    """Return the kind of a type that was seen in real mails."""
    return _KNOWN.get(event)


def likely_kind(event: str) -> Kind | None:
    """Return the kind that the words of an unknown type suggest."""
    return next((kind for words, kind in _BY_WORD if re.search(rf"(?:^|_)(?:{words})s?(?:_|$)", event)), None)


def noise_reason(mail: Mail, event: str) -> str | None:
    """Return why a type or a sender address means no interest, None when it does not."""
    by_sender = _SENDERS.get(mail.sender.email.partition("@")[0].partition("+")[0])
    if by_sender or event in _KNOWN:
        return by_sender
    return next((reason for words, reason in _NOISE if re.search(rf"(?:^|_)(?:{words})(?:_|$)", event)), None)
