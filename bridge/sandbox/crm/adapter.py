"""For tests: lets a client that only knows https and the CRM's own hosts talk to a sandbox, without changing it."""

from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter


class Detour(HTTPAdapter):
    """Mounted for https:// in a `requests.Session`, it sends each request to the sandbox at `url`."""

    def __init__(self, url: str, **options: Any) -> None:
        self._url = url
        super().__init__(**options)

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        asked = urlsplit(request.url or "")
        request.url = self._url + asked.path + (f"?{asked.query}" if asked.query else "")
        return super().send(request, *args, **options)
