"""The mailbox reader of parsedmarc, as its own loop uses it: list, fetch one, parse one. Runs in build/peers."""

import argparse
import json
import time

from mailsuite.mailbox.imap import IMAPConnection
from mailsuite.utils import parse_email

options = argparse.ArgumentParser(description=__doc__)
options.add_argument("--port", type=int, required=True)
options.add_argument("--user", required=True)
options.add_argument("--password", required=True)
chosen = options.parse_args()
began, cpu = time.monotonic(), time.process_time()
mailbox = IMAPConnection("127.0.0.1", chosen.user, chosen.password, chosen.port, ssl=False, starttls=False)
numbers = mailbox.fetch_messages("INBOX")
for number in numbers:
    parse_email(mailbox.fetch_message(number))
print(json.dumps({"mails": len(numbers), "seconds": time.monotonic() - began, "cpu_s": time.process_time() - cpu}))
