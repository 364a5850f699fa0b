"""What a 2xx means where the API says in its answer whether it did what it was asked."""

import json
from pathlib import Path
from typing import Any

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from bridge.connector import Delivered, Hold, Outcome, Record, Reject, Retry
from bridge.outbound import Door
from connectors.http import Http, HttpSettings, Success
from tests.connectors.files import problems

URL = "https://crm.example/hook"
NO = "HTTP 200, but result.status does not meet `success`"
NO_JSON = "HTTP 200, but its answer is no JSON"


def outcome(answer: Any, *, status: int = 200, **success: Any) -> Outcome:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    with responses.RequestsMock() as api:
        api.post(URL, body=text, status=status, content_type="application/json")
        record = Record("event", "event", "k1", {}, "k1-2")
        return Http(HttpSettings(URL, success=Success(**success))).deliver(record, Door().call())


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"equals": "ok"}, "ok"),
        ({"equals": 0}, 0),
        ({"equals": 1}, 1.0),
        ({"equals": True}, True),
        ({"one_of": ["ok", "created", 7]}, "created"),
        ({"one_of": ["ok", "created", 7]}, 7),
        ({"present": True}, False),
        ({"present": True}, ""),
        ({"present": False}, None),
    ],
)
def test_an_answer_that_meets_the_condition_is_a_success(condition: dict[str, Any], found: Any) -> None:
    answer = {"result": {"status": found}, "id": 5}

    assert Delivered(id="5") == outcome(answer, path="result.status", **condition)


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ({"equals": "ok"}, {"result": {"status": "OK"}}),
        ({"equals": "1"}, {"result": {"status": 1}}),
        ({"equals": 1}, {"result": {"status": True}}),
        ({"equals": True}, {"result": {"status": 1}}),
        ({"equals": "ok"}, {"result": {"status": ["ok"]}}),
        ({"equals": "ok"}, {"result": "ok"}),
        ({"equals": "ok"}, {"result": [{"status": "ok"}]}),
        ({"equals": "ok"}, {"result.status": "ok"}),
        ({"equals": "ok"}, []),
        ({"one_of": ["ok", "created"]}, {"result": {"status": "failed"}}),
        ({"present": True}, {"result": {"status": None}}),
        ({"present": True}, {}),
        ({"present": False}, {"result": {"status": 0}}),
    ],
)
def test_any_other_2xx_is_rejected_with_what_the_api_said(condition: dict[str, Any], answer: Any) -> None:
    expected = Reject(f"{NO}: {json.dumps(answer)}", cause="no success")

    assert expected == outcome(answer, path="result.status", **condition)


@pytest.mark.parametrize(("text", "said"), [("", ""), ("<h1>Log in</h1>", ": <h1>Log in</h1>"), ('{"a"', ': {"a"')])
@pytest.mark.parametrize("condition", [{"equals": "ok"}, {"present": False}])
def test_an_answer_that_is_no_json_meets_no_condition(condition: dict[str, Any], text: str, said: str) -> None:
    assert Reject(f"{NO_JSON}{said}", cause="no success") == outcome(text, path="a", **condition)


@pytest.mark.parametrize(
    ("otherwise", "clear", "unclear"),
    [
        ("reject", Reject(f"{NO}: {{}}", cause="no success"), Reject(NO_JSON, cause="no success")),
        ("retry", Retry(f"{NO}: {{}}"), Retry(NO_JSON, uncertain=True)),
        ("hold", Hold(f"{NO}: {{}}"), Hold(NO_JSON, uncertain=True)),
    ],
)
def test_the_settings_say_whose_fault_it_is(otherwise: str, clear: Outcome, unclear: Outcome) -> None:
    success = {"path": "result.status", "equals": "ok", "otherwise": otherwise}

    assert clear == outcome({}, **success)
    assert unclear == outcome("", **success)


@pytest.mark.parametrize(("status", "kind"), [(500, Retry), (422, Reject), (401, Hold), (302, Hold)])
def test_only_a_2xx_is_asked_for_the_condition(status: int, kind: type) -> None:
    found = outcome({"a": "ok"}, status=status, path="a", equals="ok")

    assert isinstance(found, kind)
    assert found.reason.startswith(f"HTTP {status}")


# the record's id and address


@pytest.mark.parametrize(
    ("path", "answer", "id_"),
    [
        ("data.id", {"data": {"id": "a-1"}, "id": "other"}, "a-1"),
        ("data.0.id", {"data": [{"id": 7}]}, "7"),
        ("0.id", [{"id": 7}], "7"),
        ("data.1.id", {"data": [{"id": 7}]}, ""),
        ("data.-1.id", {"data": [{"id": 7}]}, ""),
        ("data.٠.id", {"data": [{"id": 7}]}, ""),
        ("data.0", {"data": {"0": "x"}}, "x"),
        ("data", {"data": {"id": 7}}, ""),
        ("data.id.more", {"data": {"id": "7"}}, ""),
    ],
)
def test_the_id_stands_where_the_settings_say(path: str, answer: Any, id_: str) -> None:
    assert Delivered(id=id_) == outcome(answer, id=path)


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("https://crm.example/leads/7", "https://crm.example/leads/7"),
        ("HTTP://crm.example/", "HTTP://crm.example/"),
        ("https://h/" + "a" * 1990, "https://h/" + "a" * 1990),
        ("https://h/" + "a" * 1991, ""),
        ("javascript:alert(1)", ""),
        (" https://h/", ""),
        ("https://h/\u202e", ""),
        ("/leads/7", ""),
        (7, ""),
        (None, ""),
    ],
)
def test_the_records_page_is_kept_where_it_is_an_address(link: Any, url: str) -> None:
    assert Delivered(id="7", url=url) == outcome({"id": 7, "links": {"html": link}}, url="links.html")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["a", "0", "id"]) | st.text(), inner),
)


@given(JSON, st.sampled_from(["a", "a.0", "0.a.id", "id.id"]))
def test_no_answer_is_too_odd_to_be_judged(answer: Any, path: str) -> None:
    class Answered:
        status, headers, body = 200, {}, b""

        def json(self) -> Any:
            return answer

    asked = Success(path=path, present=True, id=path, url=path).judge(Answered())
    not_asked = Success(path=path, present=False).judge(Answered())

    assert {Delivered, Reject} == {type(asked), type(not_asked)} or answer is None


# settings


@pytest.mark.parametrize(
    ("success", "path", "message"),
    [
        ({"path": "$.a", "equals": 1}, "path", "this is no path"),
        ({"path": "a..b", "equals": 1}, "path", "this is no path"),
        ({"path": "a[0]", "equals": 1}, "path", "this is no path"),
        ({"path": "a"}, "path", "nothing is asked"),
        ({"equals": 1}, "equals", "`path` is missing"),
        ({"path": "a", "equals": 1, "present": True}, "present", "only one thing"),
        ({"path": "a", "one_of": []}, "one_of", "list is empty"),
        ({"path": "a", "equals": [1]}, "equals", "none of the forms"),
        ({"path": "a", "equals": 1, "otherwise": "ignore"}, "otherwise", "must be reject, retry or hold"),
        ({"otherwise": "retry"}, "otherwise", "nothing is asked"),
        ({"id": "$.id"}, "id", "this is no path"),
        ({"url": ".url"}, "url", "this is no path"),
    ],
)
def test_a_condition_that_cannot_be_asked_is_refused_at_its_place(
    tmp_path: Path, success: dict[str, Any], path: str, message: str
) -> None:
    (problem,) = problems(tmp_path, success=success)

    assert (f"targets.t.settings.success.{path}", 8) == (problem.path, problem.line)
    assert message in problem.message
