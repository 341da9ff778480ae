"""Reads one shared mailbox of notification mails and writes every interest into the CRM, exactly once."""

__version__ = "0.1.0"
