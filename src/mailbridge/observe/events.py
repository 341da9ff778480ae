"""Every log event, once: its name and what it tells. Documentation and tests read this list."""

import structlog

EVENTS: dict[str, str] = {
    "started": "The daemon runs. node, version, mailboxes, sinks",
    "stopping": "A signal asked the daemon to stop; it drains what is in flight. signal",
    "stopped": "The daemon has ended. seconds",
    "thread_died": "A thread ended that must not; the process stops. thread, error",
    "stuck": "Parts of the daemon have shown no sign of life for too long; the service manager restarts it. parts",
    "config_reloaded": "A new configuration is in force; what was in flight was finished before. mailboxes, sinks",
    "config_refused": "A new configuration can't be used; the old one stays in force. error",
    "mailbox_synced": "A mailbox is in sync, for the first time or again after a failure. mailbox",
    "mailbox_failed": "A mailbox can't be read now; it is tried again. mailbox, error, retry_in_s",
    "mailbox_held_elsewhere": "Another node works on this mailbox; this one stands by. mailbox",
    "mailbox_taken_over": "This node works on a mailbox that another one held. mailbox",
    "mails_stored": "Mails were stored in the ledger. mailbox, count, new, vanished",
    "uidvalidity_changed": "The folder was rebuilt by the server; known mails are recognised by content. "
    "mailbox, old, new",
    "mails_marked": "Mails that are done were marked on the server, for people. mailbox, count",
    "marking_failed": "The server could not be reached to mark mails; tried again. mailbox, error",
    "marking_refused": "Mails can't be marked in this folder; nothing else depends on it. mailbox, reason",
    "mails_settled": "Mails were read. parsed, ignored, quarantined, deliveries",
    "interest_urgent": "Somebody should look at once. interest_id, network, priority, labels",
    "layout_changed": "The first mail of a new layout came; told once. source, layout, mail_id, missing, outcome",
    "mail_quarantined": "A mail waits for a person. mail_id, parser, reason",
    "keys_asked_again": "Mails whose senders' keys could not be had are read again. mails",
    "recipes_loaded": "Recipes were changed and are in force. count",
    "recipes_refused": "Recipes can't be used: old ones stay in force; at a start their mails wait. problems",
    "parse_worker_died": "The process that parsed a chunk died or ran out of time. mails",
    "batch_finished": "A batch of deliveries was sent. sink, delivered, waiting, doubt, dead, seconds",
    "open_counts_failed": "How much each person has to do can't be counted now; the last count is used. sink, error",
    "user_gone": "The CRM gives nothing to this user any more; others get it. sink, user, error",
    "reply_failed": "A ready reply can't be worked out for one interest; its card goes without. rule, key",
    "search_finished": "The CRM was searched for doubtful deliveries. sink, asked, found",
    "search_failed": "The CRM can't be searched now; the deliveries stay in doubt. sink, count, error",
    "search_lag_measured": "How long the CRM's search did not see a new object; a warning where search_lag_s is less "
    "than twice the longest. sink, seconds, seen, configured_s, advised_s",
    "read_back_finished": "People in the CRM have done something with delivered interests. sink, asked, changed",
    "read_back_failed": "The CRM can't be read back now; deliveries go on, it is tried again. sink, error, retry_in_s",
    "delivery_doubled": "Several objects in the CRM carry the key of one delivery; a person should merge them. "
    "sink, key, remote_ids",
    "delivery_dead": "A delivery will never be taken by the CRM; a person decides. sink, key, reason",
    "sink_unusable": "An account needs a person: credentials, rights or set-up. sink, error",
    "sink_paused": "An account waits: rate limit, or the CRM is down. sink, error, seconds",
    "sink_failed": "A bug in a sink plugin. sink, error",
    "cycle_failed": "Part of a single cycle could not be done. what, error",
    "expired": "What was kept long enough was erased. mails, interests",
    "ledger_upgraded": "The schema is brought to this version, after a copy was made. old, new, backup",
    "alert_began": "Something is wrong that people are told of; docs/runbook.md has an entry for each kind. kind, "
    "subject, about",
    "alert_over": "It is well again. kind, subject",
    "alert_failed": "An alert target took no message; it is tried again, nothing waits for it. target, error, "
    "retry_in_s",
    "mailbox_behind": "A second connection shows mails that the first one did not; it connects anew. mailbox, count",
    "shadow_failed": "The second look into a mailbox failed; the first one goes on. mailbox, error",
    "canary_sent": "A canary mail was handed to its server.",
    "report_sent": "The report of a period was mailed to one recipient. period",
    "report_failed": "The report of a period could not be mailed to one recipient; it is tried again, unless it was "
    "perhaps sent. period, error, perhaps",
    "canary_failed": "No canary mail could be sent; it is tried again. error",
    "canary_read": "A canary mail came through. seconds",
    "canary_forged": "A mail says that it is a canary mail of this installation, and is none. mail_id",
    "http_failed": "Nobody can ask for /livez, /readyz and /metrics: the port is taken or not allowed. address, error",
    "leases_freed": "Deliveries of a dead process of this host were freed. count",
    "ledger_damaged": "Pages of the ledger can't be read; nothing is sent, a person has to bring back a backup. error",
    "disk_low": "Too little space under the ledger: nothing new is taken. folder, free, needed",
    "disk_full": "The disk is full: the reserve was given up so that results are written. folder, freed",
    "disk_has_room": "There is room again: the work goes on. folder, free",
    "ledger_owner": "Root works on the ledger of somebody else, who can't write what root makes. error",
    "ledger_busy": "The ledger can't be used: locked for long, restarted, not reachable. Everything waits and is tried "
    "again; told at growing distances. error, failures, seconds",
    "ledger_back": "The ledger can be used again: the work goes on. failures, seconds",
}
"""Event name → meaning, then its fields."""

log = structlog.stdlib.get_logger("mailbridge")
