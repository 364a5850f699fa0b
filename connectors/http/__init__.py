"""http: brings each event to any HTTP API, with the headers, the body and the signature that it wants.

Knows the public SDK only; retries, deadlines, addresses and redirects are the bridge's business.
"""

from connectors.http.auth import Basic, Bearer, Credentials, Header, NamedValue
from connectors.http.connector import Http
from connectors.http.settings import HttpSettings, Probe
from connectors.http.signing import Sign
from connectors.http.success import Success

__all__ = [
    "Basic",
    "Bearer",
    "Credentials",
    "Header",
    "Http",
    "HttpSettings",
    "NamedValue",
    "Probe",
    "Sign",
    "Success",
]
