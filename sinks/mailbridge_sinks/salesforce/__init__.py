"""Salesforce: leads by upsert with a unique External Id, tasks beside them."""

from mailbridge_sinks.salesforce.config import SalesforceConfig
from mailbridge_sinks.salesforce.sink import SalesforceSink

__all__ = ["SalesforceConfig", "SalesforceSink"]
