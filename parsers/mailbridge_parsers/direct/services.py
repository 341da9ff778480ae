"""Domains from which networks and services write; people practically never do."""

NETWORKS = (
    "facebookmail.com", "facebook.com", "instagram.com", "twitter.com", "x.com", "linkedin.com", "youtube.com",
    "vk.com", "vk.ru", "vk.company", "ok.ru", "odnoklassniki.ru", "tiktok.com", "pinterest.com", "reddit.com",
    "redditmail.com", "telegram.org", "whatsapp.com", "discord.com", "medium.com", "quora.com", "hh.ru", "avito.ru",
    "livejournal.com",
    "tilda.ws", "tilda.cc", "typeform.com", "jotform.com", "formspree.io", "netlify.com", "marquiz.ru", "disqus.net",
    "github.com", "gitlab.com", "atlassian.net", "slack.com", "zoom.us", "paypal.com", "amazonses.com",
)  # fmt: skip
SERVICES = (
    # Rooms, travel, tables
    "airbnb.com", "booking.com", "expedia.com", "tripadvisor.com", "hotels.com", "agoda.com", "vrbo.com", "ostrovok.ru",
    "sutochno.ru", "tutu.ru", "opentable.com", "thefork.com", "bronevik.com", "101hotels.com",
    # Houses, cars, things, work
    "zillow.com", "realtor.com", "trulia.com", "rightmove.co.uk", "zoopla.co.uk", "cian.ru", "domclick.ru",
    "yandex-team.ru", "auto.ru", "drom.ru", "youla.ru", "farpost.ru", "ebay.com", "etsy.com", "craigslist.org",
    "indeed.com", "superjob.ru", "rabota.ru", "zarplata.ru", "youdo.com", "profi.ru", "thumbtack.com", "upwork.com",
    "fl.ru", "freelancehunt.com", "yell.com", "yelp.com", "trustpilot.com", "houzz.com", "bark.com",
    # Shops, money, parcels
    "amazon.com", "wildberries.ru", "ozon.ru", "market.yandex.ru", "aliexpress.com", "shopify.com", "ecwid.com",
    "insales.ru", "myinsales.ru", "wix.com", "squarespace.com", "weebly.com", "webflow.com", "godaddy.com",
    "stripe.com", "squareup.com", "wise.com", "payoneer.com", "yookassa.ru", "cloudpayments.ru", "robokassa.ru",
    "tinkoff.ru", "tbank.ru", "sberbank.ru", "alfabank.ru", "modulbank.ru", "tochka.com", "cdek.ru", "boxberry.ru",
    "dpd.ru", "dhl.com", "ups.com", "fedex.com", "pochta.ru", "docusign.net", "docusign.com", "kontur.ru", "diadoc.ru",
    # Domains and servers
    "namecheap.com", "nic.ru", "reg.ru", "timeweb.ru", "beget.com", "hetzner.com", "digitalocean.com", "cloudflare.com",
    "uptimerobot.com", "statuscake.com", "sentry.io", "newrelic.com",
    # Telephones
    "zadarma.com", "mango-office.ru", "sipuni.com", "novofon.com", "ringcentral.com", "twilio.com", "megafon.ru",
    "beeline.ru", "mts.ru", "uiscom.ru", "calltouch.ru", "callibri.ru", "comagic.ru",
    # Chats, tables of customers, letters
    "chatwoot.com", "intercom.io", "intercom-mail.com", "crisp.chat", "tawk.to", "tidio.com", "tidio.net",
    "livechat.com", "drift.com", "olark.com", "smartsupp.com", "zendesk.com", "freshdesk.com", "freshworks.com",
    "helpscout.net", "helpscout.com", "jivosite.com", "jivo.ru", "jivochat.com", "carrotquest.io", "chatra.io",
    "livetex.ru", "talk-me.ru", "verbox.ru", "envybox.io", "wazzup24.com", "chat2desk.com", "bitrix24.ru",
    "bitrix24.com", "amocrm.ru", "kommo.com", "hubspot.com", "pipedrive.com", "salesforce.com", "zoho.com",
    "yclients.com", "dikidi.net", "booksy.com", "fresha.com", "calendly.com", "acuityscheduling.com",
    "simplybook.me", "setmore.com", "senler.ru", "salebot.pro", "mailchimp.com", "unisender.com",
    "intuit.com", "sendpulse.com",
    "getresponse.com", "brevo.com", "surveymonkey.com", "google.com", "googlegroups.com", "notion.so", "trello.com",
    "asana.com", "monday.com", "dropbox.com", "figma.com", "miro.com", "canva.com", "zapier.com", "zapiermail.com",
    "make.com", "n8n.io", "getcourse.ru", "timepad.ru", "eventbrite.com", "meetup.com",
)  # fmt: skip
"""Their own people write by hand."""
EVERYBODYS = (
    "gmail.com", "mail.ru", "bk.ru", "inbox.ru", "list.ru", "yandex.ru", "ya.ru", "rambler.ru", "outlook.com",
    "hotmail.com", "yahoo.com", "icloud.com", "proton.me", "gmx.de", "web.de", "ukr.net",
)  # fmt: skip
"""A company may have its mailbox there; others on them are no colleagues."""
