"""Client: HubSpot's own client makes the requests; they go out through the bridge's door, and the answer comes back as
it came. So deadlines, rates, addresses and the size of answers are the bridge's, and no 2xx that the client does not
expect becomes a silent None.

Its packages are imported with the first request: they are large, and a deployment without HubSpot needs none of them.
"""

import copy
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

from bridge.connector import Answer, Call, NoAnswer, Token, came_to, secrets_in
from connectors.hubspot.access import Access
from connectors.hubspot.limits import Limits
from connectors.hubspot.paths import ACCOUNT, OF_PRIVATE_APP, OF_TOKEN, path_in
from connectors.hubspot.settings import HubSpotSettings
from connectors.hubspot.unanswered import Unanswered

Input = Mapping[str, Any]


class Client:
    """One call's way to HubSpot."""

    def __init__(self, settings: HubSpotSettings, access: Access, limits: Limits, call: Call) -> None:
        self._way = _Way(settings, access, limits, call)
        self._made = copy.copy(_generated())
        self._made.rest_client = self._way

    @property
    def secrets(self) -> set[str]:
        """What no reason may quote of an answer."""
        return self._way.secrets

    def write(self, way: str, object_: str, inputs: Sequence[Input]) -> Answer:
        """`way`: create, update or upsert."""
        return _answer(getattr(_batch()(self._made), way)(object_, {"inputs": inputs}, _preload_content=False))

    def read(self, object_: str, ids: Sequence[str], *, properties: Sequence[str], by: str = "") -> Answer:
        """The objects of these ids, or of these values of the unique property `by`."""
        body: dict[str, Any] = {
            "inputs": [{"id": id_} for id_ in ids],
            "properties": list(properties),
            "propertiesWithHistory": [],
        } | ({"idProperty": by} if by else {})
        return _answer(_batch()(self._made).read(object_, body, _preload_content=False))

    def search(self, object_: str, groups: Sequence[Any], *, properties: Sequence[str], limit: int) -> Answer:
        from hubspot.crm.objects import SearchApi

        body = {"filterGroups": [{"filters": group} for group in groups], "properties": properties, "limit": limit}
        return _answer(SearchApi(self._made).do_search(object_, body, _preload_content=False))

    def first(self, object_: str) -> Answer:
        """Any one object: whether we may read them."""
        from hubspot.crm.objects import BasicApi

        return _answer(BasicApi(self._made).get_page(object_, limit=1, _preload_content=False))

    def associated(self, object_: str, id_: str, *, to: str, after: str = "") -> Answer:
        """What is associated with an object, a page of it."""
        from hubspot.crm.associations.v4.api.basic_api import BasicApi

        page = {"after": after} if after else {}
        return _answer(BasicApi(self._made).get_page(object_, id_, to, limit=500, _preload_content=False, **page))

    def all_associated(self, object_: str, ids: Sequence[str], *, to: str) -> Answer:
        """What is associated with each of up to 1000 objects, the first page of it."""
        from hubspot.crm.associations.v4.api.batch_api import BatchApi

        body = {"inputs": [{"id": id_} for id_ in ids]}
        return _answer(BatchApi(self._made).get_page(object_, to, body, _preload_content=False))

    def associate(self, object_: str, to: str, inputs: Sequence[Input]) -> Answer:
        from hubspot.crm.associations.v4.api.batch_api import BatchApi

        return _answer(BatchApi(self._made).create(object_, to, {"inputs": inputs}, _preload_content=False))

    def properties(self, object_: str) -> Answer:
        from hubspot.crm.properties.api.core_api import CoreApi

        return _answer(CoreApi(self._made).get_all(object_, _preload_content=False))

    def make_property(self, object_: str, declared: Mapping[str, Any]) -> Answer:
        from hubspot.crm.properties.api.core_api import CoreApi

        return _answer(CoreApi(self._made).create(object_, declared, _preload_content=False))

    def account(self) -> Answer:
        """Which account it is. The generated client does not know this path."""
        return self._way.request("GET", f"{_HOST}{ACCOUNT}")

    def granted(self) -> Answer:
        """What the app may do. Nor does it know these."""
        return self._way.granted()


def nothing_there(method: str, url: str) -> bytes | None:
    """What HubSpot answers to a look that finds nothing; None to all that is no look."""
    return b'{"total": 0, "results": []}' if _is_look(method, url) else None


def _is_look(method: str, url: str) -> bool:
    return method == "GET" or url.partition("?")[0].endswith(("/search", "/batch/read"))


class _Way:
    """What the client takes for its REST layer: see `ApiClient.request` of hubspot-api-client."""

    def __init__(self, settings: HubSpotSettings, access: Access, limits: Limits, call: Call) -> None:
        self._settings = settings
        self._access = access
        self._limits = limits
        self._call = call
        self._over: Unanswered | None = None
        self.secrets = set(secrets_in(settings))

    def request(
        self,
        method: str,
        url: str,
        *,
        query_params: Any = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        **_: Any,
    ) -> Answer:
        """The answer, whatever its status; another token is fetched for one that was refused, once. After a request
        that got none, no more are sent in this call: they would meet the same, and the time is gone.
        """
        if self._over is not None:
            return self._over
        try:
            return self._answered(method, url, query_params, headers, body)
        except NoAnswer as failed:
            found = Unanswered(came_to(failed))
            self._over = found.certain()
            return self._over if _is_look(method, url) else found

    def granted(self) -> Answer:
        """What HubSpot says of the token."""
        constant = self._settings.access_token
        if constant is not None:
            return self.request("POST", f"{_HOST}{OF_PRIVATE_APP}", body={"tokenKey": constant.reveal()})
        token = self._token()
        return self.request("GET", f"{_HOST}{OF_TOKEN}/{quote(token.text.reveal(), safe='') if token else ''}")

    def _answered(
        self, method: str, url: str, query_params: Any, headers: Mapping[str, str] | None, body: Any
    ) -> Answer:
        path = path_in(self._settings.api_version, url.removeprefix(_HOST))
        query = f"?{urlencode(query_params)}" if query_params else ""
        place = self._settings.base_url.rstrip("/") + path + query
        token = self._token()
        named = {name: value for name, value in (headers or {}).items() if value}
        answer = self._ask(method, place, named | {"Authorization": self._access.header(token)}, body)
        if answer.status == 401 and token is not None:
            token = self._token(instead_of=token)
            answer = self._ask(method, place, named | {"Authorization": self._access.header(token)}, body)
        return answer

    def _token(self, *, instead_of: Token | None = None) -> Token | None:
        token = self._access.token(self._call, instead_of=instead_of)
        self.secrets.update(secrets_in(token))
        return token

    def _ask(self, method: str, place: str, headers: Mapping[str, str], body: Any) -> Answer:
        answer = self._call.http.request(method, place, headers=headers, json=body)
        self._limits.heed(answer.headers, self._call)
        return answer

    def GET(self, url: str, **asked: Any) -> Answer:  # noqa: N802  the client's word
        return self.request("GET", url, **asked)

    def POST(self, url: str, **asked: Any) -> Answer:  # noqa: N802
        return self.request("POST", url, **asked)


_HOST = "https://api.hubapi.com"  # as the client has it; where requests really go is in the settings


@lru_cache(maxsize=1)
def _generated() -> Any:
    """The client that all others are copied from; making one costs a pool of connections, which nobody uses."""
    from hubspot.crm.objects import ApiClient, Configuration

    made = ApiClient(Configuration(host=_HOST))
    made.default_headers = {}  # the bridge says who it is
    return made


def _batch() -> Any:
    from hubspot.crm.objects import BatchApi

    return BatchApi


def _answer(found: Any) -> Answer:
    answer: Answer = found
    return answer
