"""What a person does about an error of Salesforce, and where; the words of the org itself stand before it."""

from collections.abc import Iterable

_PERMISSIONS = (
    "give the permission set of the API's user Read, Create, Edit and View All on the object (Setup > Permission Sets)"
)
_API = "tick API Enabled in the permission set of the API's user; the org's edition must have API access"
_APP = "compare it with Settings > OAuth Settings of the app; an app that was just made needs up to ten minutes"
_ADVICE = {
    "INVALID_SESSION_ID": "the token has ended or belongs to another org: set client_id and client_secret of an"
    " External Client App (Setup > External Client App Manager), or a new token",
    "REQUEST_LIMIT_EXCEEDED": "Setup > Company Information shows the day's requests; they come back bit by bit",
    "INVALID_FIELD": "create the field, or give the API's user Read and Edit in its Field-Level Security",
    "INVALID_FIELD_FOR_INSERT_UPDATE": "take the field out of fields and values, or make it writable",
    "INVALID_TYPE": "the object is missing or hidden: see object in the settings, and the permission set",
    "NOT_FOUND": "see url (Setup > My Domain), object and api_version in the settings",
    "INSUFFICIENT_ACCESS": _PERMISSIONS,
    "INSUFFICIENT_ACCESS_OR_READONLY": _PERMISSIONS,
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": _PERMISSIONS,
    "API_DISABLED_FOR_ORG": _API,
    "API_CURRENTLY_DISABLED": _API,
    "STORAGE_LIMIT_EXCEEDED": "make room: Setup > Storage Usage",
    "INACTIVE_OWNER_OR_USER": "set an active user or a queue as owner (Setup > Users)",
    "UNSUPPORTED_API_VERSION": "set a lower api_version",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": "a trigger or flow of the org failed: mend it, then retry the delivery",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "except the API's user from the validation rule, then retry the delivery",
    "REQUIRED_FIELD_MISSING": "fill the field by fixed, fields or values, then retry the delivery",
    "STRING_TOO_LONG": "name the field's length in lengths, then retry the delivery",
    "invalid_client": f"the client_secret is wrong: {_APP}",
    "invalid_client_id": f"the client_id is wrong: {_APP}",
    "invalid_client_credentials": f"the client_secret is wrong: {_APP}",
    "unsupported_grant_type": "tick Client Credentials Flow in the app's Flow Enablement",
    "inactive_user": "the user of the app (Run As) is not active: Setup > Users",
    "invalid_grant": "authorise the app again, or admit its user: App > Policies > Permitted Users",
    "invalid_request": "url must be that of My Domain, such as https://NAME.my.salesforce.com (Setup > My Domain)",
}


def advised(codes: Iterable[str], reason: str) -> str:
    """Return a reason with what to do about the first of the codes that anybody can do something about."""
    advice = next((_ADVICE[code] for code in codes if code in _ADVICE), None)
    return f"{reason.rstrip('.')}. What to do: {advice}" if advice else reason
