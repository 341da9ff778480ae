"""What is known of the mail providers that companies use: where their IMAP server is, and what to switch on first.

Sources: each provider's own help page on IMAP, read in November 2026. An unknown domain is no error: a person names
the host.
"""

from collections.abc import Mapping
from dataclasses import dataclass

PASSWORD = "make an app password for mailbridge and use it instead of your own password"  # noqa: S105 - words


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider of mailboxes.

    Attributes:
        title: How people call it.
        host: Its IMAP server, with implicit TLS on port 993.
        hint: What has to be done at the provider before a program can read.
        domains: Domains of its own addresses; companies' own domains are told by what they know.
        oauth: Keys of [mailboxes.NAME] for a log-in by consent; empty = it takes passwords.
    """

    title: str
    host: str
    hint: str
    domains: tuple[str, ...]
    oauth: tuple[tuple[str, str], ...] = ()


MICROSOFT = Provider(
    "Microsoft 365",
    "outlook.office365.com",
    "it takes no passwords: register an application with the delegated permission IMAP.AccessAsUser.All, allow public "
    "client flows, switch IMAP on for the mailbox, then log in with: mailbridge login main",
    ("outlook.com", "hotmail.com", "live.com", "office365.com", "onmicrosoft.com"),
    (
        ("oauth_token_url", "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"),
        ("oauth_device_url", "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/devicecode"),
        ("oauth_scope", "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"),
    ),
)

PROVIDERS: Mapping[str, Provider] = {
    "gmail": Provider(
        "Gmail",
        "imap.gmail.com",
        f"switch on 2-step verification, then {PASSWORD} (myaccount.google.com/apppasswords); where your organisation "
        "forbids that, log in by OAuth: see `mailbridge login`",
        ("gmail.com", "googlemail.com"),
    ),
    "m365": MICROSOFT,
    "mailru": Provider(
        "Mail.ru",
        "imap.mail.ru",
        f"settings, security, passwords for external applications: {PASSWORD}",
        ("mail.ru", "bk.ru", "list.ru", "inbox.ru", "internet.ru", "xmail.ru"),
    ),
    "yandex": Provider(
        "Yandex",
        "imap.yandex.ru",
        f"settings, mail programs: switch IMAP on; then {PASSWORD} (id.yandex.ru, app passwords, mail)",
        ("yandex.ru", "yandex.com", "ya.ru", "yandex.by", "yandex.kz", "narod.ru"),
    ),
    "fastmail": Provider(
        "Fastmail",
        "imap.fastmail.com",
        f"settings, privacy and security: {PASSWORD}, with access to IMAP",
        ("fastmail.com", "fastmail.fm"),
    ),
    "icloud": Provider(
        "iCloud",
        "imap.mail.me.com",
        f"account.apple.com, sign-in and security: {PASSWORD}",
        ("icloud.com", "me.com", "mac.com"),
    ),
    "yahoo": Provider(
        "Yahoo",
        "imap.mail.yahoo.com",
        f"account security: {PASSWORD}",
        ("yahoo.com", "ymail.com", "rocketmail.com"),
    ),
    "zoho": Provider(
        "Zoho",
        "imap.zoho.com",
        f"mail settings: switch IMAP on; with 2-factor log-in {PASSWORD}",
        ("zoho.com", "zohomail.com"),
    ),
    "rambler": Provider(
        "Rambler",
        "imap.rambler.ru",
        "settings, mail programs: switch IMAP on",
        ("rambler.ru", "lenta.ru", "autorambler.ru", "myrambler.ru", "ro.ru"),
    ),
    "gmx": Provider(
        "GMX",
        "imap.gmx.com",
        "settings, POP3 and IMAP: switch IMAP on",
        ("gmx.com", "gmx.us"),
    ),
}


def provider_of(address: str) -> Provider | None:
    """Return the provider of an address by its domain, None when it is not known."""
    domain = address.rpartition("@")[2].strip().lower()
    for provider in PROVIDERS.values():
        if domain in provider.domains or (provider is MICROSOFT and domain.endswith(".onmicrosoft.com")):
            return provider
    return None


def provider_at(host: str) -> Provider | None:
    """Return the provider whose server this is, None when it is nobody's that is known."""
    name = host.strip().lower().rstrip(".")
    return next((one for one in PROVIDERS.values() if one.host == name), None)
