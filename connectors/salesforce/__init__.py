"""salesforce: brings leads to a Salesforce org as Leads, or to the Contacts that they are already, and appointments as
Events or Tasks.

Knows the public SDK only; retries, deadlines, addresses and tokens' keeping are the bridge's business.
"""

from connectors.salesforce.connector import Salesforce
from connectors.salesforce.settings import SalesforceSettings

__all__ = ["Salesforce", "SalesforceSettings"]
