"""Access tokens for XOAUTH2: each connection asks for the present one, whoever renews it."""

import subprocess

from mailbridge.mailbox.oauth_renewal import is_word, renewed_token
from mailbridge.mailbox.settings import ImapSettings
from mailbridge.ports import MailboxRefused, MailboxUnreachable
from mailbridge.sdk import NoTokens, TokenStore

_COMMAND_TIMEOUT_S = 60


def access_token(settings: ImapSettings, store: TokenStore | None = None, *, refused: str | None = None) -> str:
    """Return the present access token: of the token file, of the token command, or one that is asked for here.

    Args:
        settings: Say where it comes from.
        store: Keeps tokens that are asked for here.
        refused: A token that the server has just refused: another one is asked for.

    Raises:
        MailboxRefused: There is no usable token; a person has to act.
        MailboxUnreachable: It can't be had now; later it may work.
    """
    if settings.oauth_token_url is not None:
        return renewed_token(settings, store or NoTokens(), refused=refused)
    token = _printed_token(settings.token_command) if settings.token_command else _token_file(settings)
    token = token.strip()
    if not is_word(token):
        source = settings.token_path or (settings.token_command or ("",))[0]
        raise MailboxRefused(f"{source} gave no access token: expected one word")
    return token


def sasl_xoauth2(username: str, token: str) -> bytes:
    """Return the first answer of XOAUTH2 (developers.google.com/workspace/gmail/imap/xoauth2-protocol)."""
    return f"user={username}\1auth=Bearer {token}\1\1".encode()


def _token_file(settings: ImapSettings) -> str:
    assert settings.token_path is not None  # noqa: S101 - the settings are validated
    try:
        return settings.token_path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise MailboxRefused(f"token_path {settings.token_path} can't be read: {reason}") from error


def _printed_token(command: tuple[str, ...]) -> str:
    """What the command writes to stderr is not repeated: it may hold secrets."""
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command, without a shell
            command, capture_output=True, timeout=_COMMAND_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise MailboxUnreachable(f"token_command {command[0]} took longer than {_COMMAND_TIMEOUT_S} s") from None
    except OSError as error:
        raise MailboxRefused(f"token_command {command[0]} can't be started: {error.strerror}") from error
    if done.returncode:
        raise MailboxUnreachable(f"token_command {command[0]} ended with {done.returncode}")
    return done.stdout.decode("utf-8", "replace")
