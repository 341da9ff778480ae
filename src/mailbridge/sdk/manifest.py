"""What a plugin says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

API = 1
"""Number of the plugin API; the core refuses plugins written for another one."""

Evidence = Literal["real", "template", "reported", "assumed"]
"""How sure a parser is of the mails it reads: captured mails, the sender's source code, third parties, a guess."""

TrustPolicy = Literal["require", "label", "off"]
"""What happens to a mail whose sender was not authenticated: quarantine, a label in the interest, nothing."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Who a plugin is, in words people and listings use.

    Attributes:
        name: The entry point's name and the `type` in the configuration, such as "amocrm".
        title: Name as people know it, such as "amoCRM".
        version: Version of the plugin's behaviour; a parser raises it when the same mail may read differently.
        api: Plugin API it was written for.
        docs: Where its documentation is, relative to the repository or as a URL.
        evidence: For parsers: what its reading rests on.
        evidence_for: For parsers: where that is something else, by network or kind of interest, such as
            {"message": "assumed"}.
        domains: For parsers: mail domains (and their subdomains) that may speak for the network.
        trust: For parsers: policy while the configuration names none.
        guarded_names: For parsers: display names that only `domains` may carry, lower case.
    """

    name: str
    title: str
    version: str = "1"
    api: int = API
    docs: str = ""
    evidence: Evidence = "assumed"
    domains: tuple[str, ...] = ()
    trust: TrustPolicy = "label"
    guarded_names: frozenset[str] = field(default=frozenset())
    evidence_for: Mapping[str, Evidence] = field(default_factory=dict, hash=False)

    def evidence_of(self, network: str, kind: str) -> Evidence:
        """Return what the reading of one kind of interest of one network rests on."""
        return self.evidence_for.get(network) or self.evidence_for.get(kind) or self.evidence
