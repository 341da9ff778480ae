"""Leads of the car trade: Auto-lead Data Format 1.0 (adfxml.info), one prospect a mail."""

from xml.etree.ElementTree import Element

_CAR = ("year", "make", "model", "trim")


def is_adf(root: Element) -> bool:
    """Whether a document is an ADF lead."""
    return root.tag.casefold() in {"adf", "prospect"}


def prospect_rows(root: Element) -> list[tuple[str, str]]:
    """Return the first prospect as labels and values: the customer's own, then the car; of the dealer only the name."""
    found = root if root.tag.casefold() == "prospect" else root.find("prospect")
    if found is None:
        return []
    contact = found.find("customer/contact")
    rows = [*_contact(contact)] if contact is not None else []
    car = found.find("vehicle")
    if car is not None:
        rows.append(("Vehicle", " ".join(filter(None, (_said(car, part) for part in _CAR)))))
        rows += [(part, _said(car, part)) for part in ("vin", "stock", "condition", "price", "odometer")]
        rows += [(name, car.get(name, "")) for name in ("interest", "status")]
    comments = [_said(found, path) for path in ("customer/comments", "vehicle/comments", "comments")]
    rows += [
        ("Comments", "\n".join(filter(None, comments))),
        ("Lead ID", _said(found, "id")),
        ("Date", _said(found, "requestdate")),
        ("Vendor company", _said(found, "vendor/vendorname")),
        ("Provider", _said(found, "provider/name")),
        ("Source", _said(found, "provider/service")),
    ]
    return [(label, value) for label, value in rows if value]


def _contact(contact: Element) -> list[tuple[str, str]]:
    names = {one.get("part", "full"): (one.text or "").strip() for one in contact.findall("name")}
    whole = names.get("full") or " ".join(filter(None, (names.get(part) for part in ("first", "middle", "last"))))
    rows = [("Name", whole)]
    rows += [("E-mail", (one.text or "").strip()) for one in contact.findall("email")[:1]]
    numbers = list(dict.fromkeys((one.text or "").strip() for one in contact.findall("phone")))
    rows += [("Phone" if not at else f"Phone {at + 1}", number) for at, number in enumerate(numbers)]
    address = contact.find("address")
    if address is not None:
        lines = [
            (one.text or "").strip()
            for one in address
            if one.tag in {"street", "city", "regioncode", "postalcode", "country"}
        ]
        rows.append(("Address", ", ".join(filter(None, lines))))
    return rows


def _said(element: Element, path: str) -> str:
    found = element.find(path)
    return (found.text or "").strip() if found is not None else ""
