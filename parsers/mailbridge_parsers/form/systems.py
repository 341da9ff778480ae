"""Which software sent a form: thin signatures that give the source its name."""

import re
from dataclasses import dataclass

from mailbridge.sdk import Mail

_SEARCHED = 150_000


@dataclass(frozen=True, slots=True)
class System:
    """A system and what gives it away. Any of the signs is enough.

    Attributes:
        network: Its name in an interest.
        senders: Addresses or domains that only it sends from.
        headers: Header fields only it sets, with what their value holds.
        body: What only its mails say or link to.
        keys_only: Its names of fields hold no blanks.
        is_sign: Whether its signs alone mean a form mail; else they only name the source of what is read as one.
    """

    network: str
    senders: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: re.Pattern[str] | None = None
    keys_only: bool = False
    is_sign: bool = True

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
        if any(
            part.casefold() in mail.headers.get(name).casefold() for name, part in self.headers if name in mail.headers
        ):
            return True
        return self.body is not None and any(
            self.body.search(source[:_SEARCHED]) for source in (mail.text, mail.html_source)
        )


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


SYSTEMS = (
    System(
        "tilda",
        senders=("noreply@tilda.ws", "noreply@tilda.cc", "tilda.ws"),
        body=_words(r"(?:transaction|request) id: *\d{3,}:\d{3,}|block id: *rec\d{5,}"),
        keys_only=True,
    ),
    System(
        "typeform",
        senders=("notifications@typeform.com", "followups.typeform.io", "notifications@followups.typeform.io"),
    ),
    System("jotform", senders=("noreply@jotform.com", "noreply@formresponse.com", "formresponse.com")),
    System(
        "formspree",
        senders=("noreply@formspree.io", "submissions@formspree.io"),
        body=_words(r"(?:sent|submitted) via formspree|formspree\.io/(?:forms|f)/"),
    ),
    System("netlify", senders=("formresponses@netlify.com",)),
    System("google_forms", senders=("forms-receipts-noreply@google.com", "forms-noreply@google.com")),
    System("marquiz", senders=("robot@marquiz.ru", "marquiz.ru")),
    System("envybox", senders=("kwidget@envybox.io", "noreply@envybox.io", "envybox.io")),
    System("squarespace", senders=("form-submission@squarespace.info",)),
    System("webflow", senders=("no-reply-forms@webflow.com",)),
    System("wix", senders=("notifications.wix.com", "wixforms.com", "crm.wix.com")),
    System(
        "bitrix",
        headers=(("X-EVENT_NAME", ""), ("X-Bitrix-Posting", "")),
        body=_words(r"/bitrix/admin/|form_result_view\.php|/bitrix/components/"),
    ),
    System(
        "woocommerce",
        body=_words(r'class="order_item|woocommerce-price|built with <a[^>]{0,40}woocommerce|page=wc-orders'),
    ),
    System(
        "wordpress",
        headers=(("X-WPCF7-Content-Type", ""), ("X-WP-Form", "")),
        body=_words(
            r"powered by: *elementor|contact form was submitted on your website|sent from a contact form on"
            r"|была отправлена контактная форма|это сообщение отправлено с сайта .{0,120}\(https?://"
            r"|receipt for your contact form|bgcolor=[\"']?#eaf2fa|class=[\"'][^\"']{0,60}(?:wpforms|wpcf7|gform"
            r"|frm_email)"
            r"|<title>wpforms|this message was sent from https?://\S+\.?\s*$"
            r"|sent by an? (?:un)?verified visitor to your site"
            r"|/wp-admin/(?:admin|edit)\.php\?(?:\S*&(?:amp;)?)?page=(?:wpforms|gf_|ninja|formidable|fluent|flamingo"
            r"|elementor|feedback)"
        ),
    ),
    System("joomla", body=_words(r"this is an? (?:enquiry|inquiry) e-?mail via https?://|option=com_contact")),
    System("drupal", headers=(("X-Mailer", "Drupal"), ("X-Drupal-Message-Id", "")), is_sign=False),
    System("drupal", body=_words(r"sent a message using the contact form at https?://|submitted values are:")),
    System(
        "modx", headers=(("X-Mailer", "MODX"),), body=_words(r"assets/components/(?:formit|ajaxform)"), is_sign=False
    ),
    System("opencart", body=_words(r"index\.php\?route=(?:account|sale|product|information)/"), is_sign=False),
    System("prestashop", body=_words(r"prestashop"), is_sign=False),
    System("joomla", body=_words(r"option=com_(?:virtuemart|rsform|breezingforms|chronoforms)"), is_sign=False),
    System(
        "wordpress",
        senders=(),
        headers=(("X-Mailer", "WPMailSMTP"),),
        body=_words(r"/wp-(?:admin|content)/"),
        is_sign=False,
    ),
)


def system_of(mail: Mail) -> System:
    """Return the system a mail is of; "site" when nothing gives it away."""
    found = next((system for system in SYSTEMS if system.sent(mail)), None)
    if found is not None:
        return found
    if mail.sender.email.startswith("wordpress@"):
        return System("wordpress")
    return System("site")
