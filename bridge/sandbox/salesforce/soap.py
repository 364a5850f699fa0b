"""The SOAP login, as old clients do it. Not in API 65.0 and later.

Source: https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_login.htm (2026).
"""

import re
from html import escape, unescape

from bridge.sandbox.exchange import Reply, Request
from bridge.sandbox.salesforce.sessions import Sessions
from bridge.sandbox.salesforce.world import World

_FIRST_WITHOUT = 65.0
_XML = {"Content-Type": "text/xml;charset=UTF-8"}


def login(world: World, sessions: Sessions, request: Request, *, url: str) -> Reply:
    """A session, or a fault, which is an HTTP 500."""
    version = request.path.rpartition("/")[2]
    if (
        not re.fullmatch(r"\d+\.0", version)
        or float(version) >= _FIRST_WITHOUT
        or "soap" not in world.settings["grants"]
    ):
        return _fault("UNSUPPORTED_API_VERSION", f"SOAP API login() is not available in API version {version}")
    text = request.body.decode("utf-8", "replace")
    username, password = _element(text, "username"), _element(text, "password")
    settings = world.settings
    if username != settings["username"] or not password.startswith(settings["password"]):
        message = "Invalid username, password, security token; or user locked out."
        return _fault("INVALID_LOGIN", message)
    token = password.removeprefix(settings["password"])
    if not token and "organizationId" not in text:
        message = (
            "Invalid username, password, security token; or user locked out. Are you at a new location? When accessing "
            "Salesforce--either via a desktop client or the API--from outside of your company's trusted networks, you "
            "must add a security token to your password to log in."
        )
        return _fault("LOGIN_MUST_USE_SECURITY_TOKEN", message)
    if token and token != settings["security_token"]:
        return _fault("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.")
    server = f"{url}/services/Soap/u/{version}/{world.org_id[:15]}"
    body = f"""<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope
xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com"><soapenv:Body>
<loginResponse><result><passwordExpired>false</passwordExpired><sandbox>true</sandbox>
<serverUrl>{escape(server)}</serverUrl><sessionId>{escape(sessions.open())}</sessionId>
<userId>{world.user_id}</userId><userInfo><organizationId>{world.org_id}</organizationId>
<userName>{escape(settings["username"])}</userName></userInfo></result></loginResponse></soapenv:Body>
</soapenv:Envelope>"""
    return Reply(200, _XML, body.encode())


def _element(text: str, name: str) -> str:
    found = re.search(rf"<(?:\w+:)?{name}>(.*?)</", text, re.DOTALL)
    return unescape(found[1]) if found else ""


def _fault(code: str, message: str) -> Reply:
    body = f"""<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope
xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="urn:fault.partner.soap.sforce.com"><soapenv:Body>
<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {escape(message)}</faultstring><detail>
<sf:LoginFault><sf:exceptionCode>{code}</sf:exceptionCode><sf:exceptionMessage>{escape(message)}</sf:exceptionMessage>
</sf:LoginFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"""
    return Reply(500, _XML, body.encode())
