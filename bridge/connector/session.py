"""Session: a `requests` session for client libraries that want one, whose every request goes through the door."""

from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from bridge.connector.protocols import Http

_THE_DOORS_OWN = {"accept-encoding", "connection", "content-length", "transfer-encoding", "user-agent"}


class DoorSession(requests.Session):
    """For one attempt, as the call is whose `http` it was made of. What a library asks for besides (timeouts, proxies,
    certificates, streams) is the bridge's business and not heard. No redirect is followed, no cookie kept.
    """

    def __init__(self, http: Http) -> None:
        super().__init__()
        self.trust_env = False
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Door(http))

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class _Door(BaseAdapter):
    def __init__(self, http: Http) -> None:
        super().__init__()
        self._http = http

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        """Raises what the door raises, which the bridge knows what to make of."""
        body = request.body.encode() if isinstance(request.body, str) else request.body
        headers = {name: _text(value) for name, value in request.headers.items() if name.lower() not in _THE_DOORS_OWN}
        answer = self._http.request(str(request.method), str(request.url), headers=headers, body=body)
        return _response(request, answer.status, answer.headers, answer.body)

    def close(self) -> None: ...


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _response(
    request: requests.PreparedRequest, status: int, headers: Mapping[str, str], body: bytes
) -> requests.Response:
    response = requests.Response()
    response.request, response.url, response.status_code = request, str(request.url), status
    response.headers = CaseInsensitiveDict(headers)
    response.encoding = get_encoding_from_headers(response.headers)
    response._content = body  # noqa: SLF001  there is no public way to make one with a content
    return response
