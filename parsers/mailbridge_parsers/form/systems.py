"""Which software sent a form: thin signatures that give the source its name."""

import re
from dataclasses import dataclass
from functools import lru_cache

from mailbridge.sdk import Channel, Evidence, Mail

_SEARCHED = 150_000


@dataclass(frozen=True, slots=True)
class System:
    """A system and what gives it away. Any of the signs is enough.

    Attributes:
        network: Its name in an interest.
        senders: Addresses or domains that only it sends from.
        headers: Header fields only it sets, with what their value holds.
        marks: What only its mails say or link to, in lower case; with a pattern where the words alone are too common.
        keys_only: Its names of fields hold no blanks.
        is_sign: Whether its signs alone mean a form mail; else they only name the source of what is read as one, and
            its senders send much else, which other parsers read.
        channel: Class of its interests: a chat sends the form that visitors fill in while nobody is there.
    """

    network: str
    senders: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    marks: tuple[str | tuple[str, re.Pattern[str]], ...] = ()
    keys_only: bool = False
    is_sign: bool = True
    channel: Channel = "form"

    def sent(self, mail: Mail) -> bool:
        """Whether the mail is of this system."""
        return self.is_sender(mail) or self.signed(mail)

    def is_sender(self, mail: Mail) -> bool:
        """Whether the address it came from is the system's own."""
        return any(
            mail.sender.email == sender if "@" in sender else mail.sender.is_of(sender) for sender in self.senders
        )

    def signed(self, mail: Mail) -> bool:
        """Whether the mail carries a sign of the system."""
        given = mail.headers
        if any(name in given and part.casefold() in given.get(name).casefold() for name, part in self.headers):
            return True
        return self in _marked(mail.text, mail.html_source)


@lru_cache(maxsize=4)
def _marked(text: str, html_source: str) -> frozenset[System]:
    """Return the systems whose marks stand in a body. Cached: routing asks several times for one mail."""
    body = f"{text[:_SEARCHED]}\n{html_source[:_SEARCHED]}".lower()
    return frozenset(system for system in SYSTEMS if any(_holds(body, mark) for mark in system.marks))


def _holds(body: str, mark: str | tuple[str, re.Pattern[str]]) -> bool:
    if isinstance(mark, str):
        return mark in body
    word, pattern = mark
    return word in body and pattern.search(body) is not None


SYSTEMS = (
    System(
        "tilda",
        senders=("noreply@tilda.ws", "noreply@tilda.cc", "tilda.ws"),
        marks=(
            ("transaction id", re.compile(r"transaction id: *\d{3,}:\d{3,}")),
            ("request id", re.compile(r"request id: *\d{3,}:\d{3,}")),
            ("block id", re.compile(r"block id: *rec\d{5,}")),
        ),
        keys_only=True,
    ),
    System("typeform", senders=("notifications@typeform.com", "followups.typeform.io")),
    System("jotform", senders=("noreply@jotform.com", "formresponse.com")),
    System(
        "formspree",
        senders=("noreply@formspree.io", "submissions@formspree.io"),
        marks=("sent via formspree", "submitted via formspree", "formspree.io/forms/"),
    ),
    System("netlify", senders=("formresponses@netlify.com",)),
    System("google_forms", senders=("forms-receipts-noreply@google.com", "forms-noreply@google.com")),
    System("marquiz", senders=("robot@marquiz.ru", "marquiz.ru")),
    System("envybox", senders=("kwidget@envybox.io", "noreply@envybox.io", "envybox.io"), channel="chat"),
    System("jivo", senders=("jivosite.com", "jivosite.ru", "jivo.ru", "jivochat.com"), channel="chat"),
    System("tawk", senders=("tawk.to",), channel="chat"),
    System("tidio", senders=("tidio.com", "tidio.net", "tidiochat.com"), channel="chat"),
    System("carrotquest", senders=("carrotquest.io", "carrotquest.app"), channel="chat"),
    System("livetex", senders=("livetex.ru",), channel="chat"),
    System("crisp", senders=("crisp.chat", "crisp.email"), channel="chat"),
    System("chatra", senders=("chatra.io", "chatra.com"), channel="chat"),
    System("helpcrunch", senders=("helpcrunch.com",), channel="chat"),
    System("livechat", senders=("livechat.com", "livechatinc.com"), channel="chat"),
    System("zendesk_chat", senders=("zopim.com",), channel="chat"),
    System("talkme", senders=("talk-me.ru",), channel="chat"),
    System("verbox", senders=("verbox.ru",), channel="chat"),
    System("intercom", senders=("intercom-mail.com",), channel="chat"),
    System("smartsupp", senders=("smartsupp.com",), channel="chat"),
    System("olark", senders=("olark.com",), channel="chat"),
    System("userlike", senders=("userlike.com",), channel="chat"),
    System("chatwoot", senders=("chatwoot.com",), channel="chat"),
    System("wazzup", senders=("wazzup24.com",), channel="chat"),
    System("ozon", senders=("seller.ozon.ru",), channel="review"),
    System("wildberries", senders=("wildberries.ru",), channel="review"),
    System("yandex_business", senders=("business.yandex.ru",), is_sign=False),
    System("2gis", senders=("2gis.com", "2gis.ru"), is_sign=False),
    System("squarespace", senders=("form-submission@squarespace.info",)),
    System("webflow", senders=("no-reply-forms@webflow.com",)),
    System("wix", senders=("wix-forms.com", "crm.wix.com", "notifications@wix.com")),
    System("shopify", senders=("mailer@shopify.com",)),
    System("hubspot", senders=("noreply@notifications.hubspot.com", "forms.hubspot.com")),
    System("calendly", senders=("notifications@calendly.com", "no-reply@calendly.com")),
    System("yandex_forms", senders=("forms.yandex.ru", "noreply@forms.yandex.ru")),
    System("flexbe", senders=("flexbe.com", "flexbe.ru")),
    System("lpgenerator", senders=("lpgenerator.ru",)),
    System("creatium", senders=("creatium.io", "creatium.app")),
    System(
        "insales",
        senders=("insales.ru", "insales.com", "myinsales.ru"),
        marks=("myinsales.ru/admin", "insales.ru/admin"),
    ),
    System("ecwid", senders=("no-reply@ecwid.com", "noreply@ecwid.com")),
    System(
        "bitrix",
        headers=(("X-EVENT_NAME", ""), ("X-Bitrix-Posting", "")),
        marks=("/bitrix/admin/", "form_result_view.php", "/bitrix/components/"),
    ),
    System(
        "woocommerce",
        marks=(
            'class="order_item',
            "woocommerce-price",
            "page=wc-orders",
            ("woocommerce", re.compile(r"built with <a[^>]{0,40}woocommerce")),
        ),
    ),
    System(
        "wordpress",
        headers=(("X-WPCF7-Content-Type", ""), ("X-WP-Form", "")),
        marks=(
            "powered by: elementor",
            ("elementor", re.compile(r"работает на:? elementor|mit elementor|par elementor|con elementor")),
            "contact form was submitted on your website",
            "sent from a contact form on",
            "была отправлена контактная форма",
            "receipt for your contact form",
            "verified visitor to your site",
            "<title>wpforms",
            ("это сообщение отправлено с сайта", re.compile(r"отправлено с сайта .{0,120}\(https?://")),
            ("#eaf2fa", re.compile(r"bgcolor=[\"']?#eaf2fa")),
            ('<td width="20">', re.compile(r"<tr bgcolor=\"#\w{3,6}\">\s{0,20}<td width=\"20\">")),
            ("wpforms", re.compile(r"class=[\"'][^\"']{0,60}wpforms")),
            ("wpcf7", re.compile(r"class=[\"'][^\"']{0,60}wpcf7")),
            ("this message was sent from http", re.compile(r"this message was sent from https?://\S+\s*(?:$|<|\n)")),
            (
                "/wp-admin/",
                re.compile(
                    r"/wp-admin/(?:admin|edit)\.php\?(?:\S{0,200}&(?:amp;)?)?page="
                    r"(?:wpforms|gf_|ninja|formidable|fluent|flamingo|elementor|feedback)"
                ),
            ),
        ),
    ),
    System(
        "adf",
        marks=(
            "&lt;adf&gt;&lt;prospect&gt;",
            ("<adf", re.compile(r"<adf\b[^>]{0,80}>\s{0,20}<prospect\b")),
        ),
    ),
    System(
        "joomla",
        marks=(
            "an enquiry email via http",
            "an enquiry e-mail via http",
            "option=com_contact",
            ("автор сообщения:", re.compile(r"это сообщение отправлено с сайта [^\n]{0,200}\. автор сообщения:")),
        ),
    ),
    System(
        "bitrix",
        marks=(
            (
                "сообщение сгенерировано автоматически",
                re.compile(r"(?:информационное сообщение|(?:на форуме|с форума|в блоге)) (?:сайта|\S+\.)"),
            ),
        ),
        is_sign=False,
    ),
    System("drupal", headers=(("X-Mailer", "Drupal"), ("X-Drupal-Message-Id", "")), is_sign=False),
    System("drupal", marks=("sent a message using the contact form at", "submitted values are:")),
    System("modx", headers=(("X-Mailer", "MODX"),), marks=("assets/components/formit",), is_sign=False),
    System(
        "opencart",
        marks=tuple(f"index.php?route={part}/" for part in ("account", "sale", "product", "information")),
        is_sign=False,
    ),
    System("prestashop", marks=("prestashop.com", "powered by prestashop"), is_sign=False),
    System(
        "joomla",
        marks=("option=com_virtuemart", "option=com_rsform", "option=com_breezingforms", "option=com_chronoforms"),
        is_sign=False,
    ),
    System(
        "wordpress",
        headers=(("X-Mailer", "WPMailSMTP"), ("Subject", "Ninja Forms Submission"), ("Subject", "New Entry: ")),
        marks=("/wp-admin/", "/wp-content/"),
        is_sign=False,
    ),
)
EVIDENCE: dict[str, Evidence] = {
    **dict.fromkeys(("tilda", "typeform", "formspree", "netlify", "jotform", "marquiz", "envybox"), "reported"),
    **dict.fromkeys(
        (
            "google_forms", "squarespace", "webflow", "prestashop", "jivo", "tawk", "tidio", "carrotquest", "livetex",
            "wix", "shopify", "hubspot", "calendly", "yandex_forms", "flexbe", "lpgenerator", "creatium", "ecwid",
            "insales", "intercom", "smartsupp", "olark", "userlike", "chatwoot", "wazzup",
            "yandex_business", "2gis", "crisp", "chatra", "helpcrunch", "livechat", "zendesk_chat", "talkme", "verbox",
            "ozon", "wildberries",
        ),
        "assumed",
    ),
}  # fmt: skip
"""What the reading rests on where it is not the source code of what sends the mails."""
_BY_ADDRESS = System("wordpress")
_HOME_MADE = System("site")


def system_of(mail: Mail) -> System:
    """Return the system a mail is of; "site" when nothing gives it away."""
    found = next((system for system in SYSTEMS if system.sent(mail)), None)
    if found is not None:
        return found
    return _BY_ADDRESS if mail.sender.email.startswith("wordpress@") else _HOME_MADE
