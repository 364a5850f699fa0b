"""Success: whether a 2xx is one, and what it says of the record: its id and its address at the API.

A path is the way to a value in the JSON answer: keys, and numbers for the elements of a list, with dots between them.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, assert_never

from bridge.connector import Answer, Delivered, Hold, Outcome, Reject, Retry, Wrong, found_at, id_from
from connectors.http.wrong import refuse

MAX_URL = 2000

_ODD = set("$[]{}*?@\"'")  # of other languages for paths


@dataclass(frozen=True, slots=True)
class Success:
    """`success: {path: result.status, equals: ok}`; without a path every 2xx is a success."""

    path: str = field(
        default="", metadata={"description": "where in the JSON answer to look; left out: every 2xx is a success"}
    )
    equals: str | int | float | bool | None = field(default=None, metadata={"description": "what must stand there"})
    one_of: list[str | int | float | bool] | None = field(
        default=None, metadata={"description": "one of these must stand there"}
    )
    present: bool | None = field(
        default=None, metadata={"description": "true: it must be there, and not null; false: it must not"}
    )
    otherwise: Literal["reject", "retry", "hold"] = field(
        default="reject", metadata={"description": "what becomes of a delivery whose answer says something else"}
    )
    id: str = field(default="id", metadata={"description": "where the record's id stands"})
    url: str = field(default="", metadata={"description": "where the record's address stands"})

    def __post_init__(self) -> None:
        paths = {"path": self.path, "id": self.id, "url": self.url}
        found = [Wrong((name,), *wrong) for name, path in paths.items() if path and (wrong := _wrong_path(path))]
        refuse(found + self._wrong_condition())

    def _wrong_condition(self) -> list[Wrong]:
        given = [name for name in ("equals", "one_of", "present") if getattr(self, name) is not None]
        found = [Wrong((name,), "only one thing can be asked at a time", "keep one of them") for name in given[1:]]
        if self.one_of == []:
            found.append(Wrong(("one_of",), "this list is empty", "write at least one value"))
        if self.path and not given:
            hint = "add equals: ok, one_of: [ok, created] or present: true"
            found.append(Wrong(("path",), "nothing is asked of what stands there", hint))
        if not self.path and given:
            found.append(Wrong((given[0],), "`path` is missing beside this", "add where to look: path: result.status"))
        if not self.path and not given and self.otherwise != "reject":
            hint = "add path, and what must stand there"
            found.append(Wrong(("otherwise",), "nothing is asked of the answer", hint))
        return found

    def judge(self, answer: Answer) -> Outcome:
        """What a 2xx means."""
        body = answer.json()
        readable = body is not None
        if not self.path or (readable and self._is_met(found_at(body, self.path))):
            return Delivered(id=id_from(found_at(body, self.id)), url=_url(found_at(body, self.url)))
        why = f"{self.path} does not meet `success`" if readable else "its answer is no JSON"
        reason = f"HTTP {answer.status}, but {why}"
        match self.otherwise:
            case "reject":
                return Reject(reason, cause="no success")
            case "retry":
                return Retry(reason, uncertain=not readable)
            case "hold":
                return Hold(reason, uncertain=not readable)
            case _:
                assert_never(self.otherwise)

    def _is_met(self, found: Any) -> bool:
        if self.present is not None:
            return self.present is (found is not None)
        wanted = [self.equals] if self.one_of is None else self.one_of
        return any(found == each and isinstance(found, bool) is isinstance(each, bool) for each in wanted)


def _wrong_path(path: str) -> tuple[str, str] | None:
    if all(path.split(".")) and not _ODD & set(path) and not any(sign.isspace() for sign in path):
        return None
    return "this is no path", "write keys with dots between them, such as result.status or data.0.id"


def _url(found: Any) -> str:
    """The record's page; empty where it is no address that a person could safely follow."""
    if not isinstance(found, str) or not found.lower().startswith(("https://", "http://")):
        return ""
    return found if len(found) <= MAX_URL and found.isprintable() and " " not in found else ""
