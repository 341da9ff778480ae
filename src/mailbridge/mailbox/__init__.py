"""Where mails come from, and bytes → Mail."""
