import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.config.fields import seconds
from bridge.config.load import load
from bridge.errors import ConfigError
from bridge.model.rules import Policy, Rate, SourceRule
from tests.config.cases import CONNECTORS, KEYED, SOURCE, Basic, Settings, load_text, settings_of

ROOT = Path(__file__).parents[2]

WHOLE = """\
version: 1
defaults: {timezone: Europe/Berlin, phone_region: DE}
sources:
  main:
    preset: newoaks
    signing_keys: ["a signing key", "another signing key"]
    tolerance: {past: 1m, future: 500ms}
    chatbots: [A1, "0042"]
    ignore_types: [Conversation]
  other:
    signing_keys: ["the third signing key"]
    timezone: America/New_York
    phone_region: US
targets:
  sales:
    connector: http
    settings: {url: http://x}
    when: {kind: lead, source: [main, other]}
    delivery: {concurrency: 8, rate: 100/10s, timeout: 1m30s, connect_timeout: 2s, retry: [5s, 1h30m]}
  rest:
    connector: http
    settings: {url: http://y, auth: {basic: {username: u, password: p}}, size: big, tags: [a, b]}
    when: {kind: appointment, source: main}
    delivery: {timeout: 5s, retry: []}
  plain: {connector: keyed, settings: {api_key: "12345678"}}
retention: {payloads: 10d, metadata: 90d}
"""


def test_the_whole_tree_becomes_rules(tmp_path):
    rules = load_text(tmp_path, WHOLE).rules

    assert rules.sources["main"] == SourceRule(
        name="main",
        signing_keys=(b"a signing key", b"another signing key"),
        past_s=60,
        future_s=0.5,
        chatbots=frozenset({"A1", "0042"}),
        ignore_types=frozenset({"conversation"}),
        timezone="Europe/Berlin",
        phone_region="DE",
    )
    assert ("America/New_York", "US") == (rules.sources["other"].timezone, rules.sources["other"].phone_region)
    sales, rest = rules.targets["sales"], rules.targets["rest"]
    assert (frozenset({"lead"}), frozenset({"main", "other"})) == (sales.route.kinds, sales.route.sources)
    assert Policy(concurrency=8, rate=Rate(100, 10), timeout_s=90, connect_s=2, retry_s=(5, 5400)) == sales.policy
    assert Policy(timeout_s=5, connect_s=5, retry_s=()) == rest.policy
    assert Policy() == rules.targets["plain"].policy
    assert ("big", ("a", "b")) == (rest.settings.size, rest.settings.tags)
    assert type(rest.settings) is Settings
    assert type(rest.settings.auth) is Basic
    assert (10 * 86400, 90 * 86400) == (rules.retain_payloads_s, rules.retain_metadata_s)


def test_what_is_left_out_or_left_empty_means_the_defaults(tmp_path):
    text = "version: 1\ndefaults:\nsources:\n  main:\n    signing_keys:\n    tolerance:\n    timezone:\n"

    rules = load_text(tmp_path, text + "targets:\nretention:\n").rules

    assert SourceRule(name="main") == rules.sources["main"]
    assert {} == rules.targets


def test_a_source_that_no_target_wants_is_a_warning(tmp_path):
    text = SOURCE + "  idle: {signing_keys: [a long signing key]}\n" + KEYED + "    when: {source: main}\n"

    (warning,) = load_text(tmp_path, text).warnings
    assert ("sources.idle", 5) == (warning.path, warning.line)


def test_waits_that_outlast_the_payloads_are_a_warning(tmp_path):
    text = SOURCE + KEYED + "retention: {payloads: 1d}"

    (warning,) = load_text(tmp_path, text).warnings
    assert "retry last longer" in warning.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500ms", 0.5),
        ("5s", 5),
        ("10m", 600),
        ("2h", 7200),
        ("1d", 86400),
        ("1h30m", 5400),
        ("1d2h3m4s5ms", 93784.005),
        ("0s", 0),
    ],
)
def test_durations(text, expected):
    assert expected == pytest.approx(seconds(text))


@given(st.text(alphabet="0123456789dhms .-", max_size=8) | st.text(max_size=6) | st.integers() | st.none())
def test_any_value_is_a_duration_or_refused(value):
    from pydantic_core import PydanticCustomError

    try:
        assert seconds(value) >= 0
    except PydanticCustomError:
        pass


@pytest.mark.parametrize(
    ("text", "expected"),
    [("20/s", Rate(20, 1)), ("100/10s", Rate(100, 10)), ("600/m", Rate(600, 60)), (" 5000 / 1h ", Rate(5000, 3600))],
)
def test_rates(tmp_path, text, expected):
    rules = load_text(tmp_path, RATED.format(text)).rules

    assert rules.targets["sales"].policy.rate == expected


@pytest.mark.parametrize(
    "text", ["20", "20/", "/s", "0/s", "1/5ms", "20/s/s", "20 per second", "1/2d", "999999999/s", "2.5/s"]
)
def test_what_is_no_rate_is_refused_at_its_line_with_how_to_write_one(tmp_path, text):
    with pytest.raises(ConfigError) as told:
        load_text(tmp_path, RATED.format(text))
    (problem,) = told.value.problems
    assert (problem.path, problem.line) == ("targets.sales.delivery.rate", 9)
    assert "requests in" in problem.hint or "so many requests" in problem.hint


RATED = """\
version: 1
sources:
  main:
    signing_keys: ["a signing key"]
targets:
  sales:
    connector: http
    settings: {{url: http://x}}
    delivery: {{rate: "{}"}}
"""


@pytest.mark.parametrize(("written", "expected"), [("5", 5), ('"5"', 5), ("big", "big")])
def test_a_union_of_plain_kinds_takes_the_one_that_fits(tmp_path, written, expected):
    found = settings_of(tmp_path, f"{{url: http://x, size: {written}}}").size

    assert str(expected) == str(found)


WORDS = [
    "version",
    "defaults",
    "sources",
    "targets",
    "retention",
    "main",
    "preset",
    "signing_keys",
    "tolerance",
    "past",
    "chatbots",
    "timezone",
    "connector",
    "<<",
    "settings",
    "url",
    "auth",
    "bearer",
    "basic",
    "headers",
    "when",
    "kind",
    "source",
    "delivery",
    "concurrency",
    "retry",
    "payloads",
]
KEYS = st.sampled_from(WORDS)
VALUES = st.recursive(
    st.sampled_from(
        ["1", "5s", "newoaks", "http", "keyed", "lead", "true", "", "'${X}'", "'${Y:-z}'", "*a", "&a b", "{{ x }}"]
    )
    | st.text(alphabet="ab1: #\"'[]{}&*!|>%@`,$\\\té", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(KEYS, inner, max_size=4).map(
            lambda items: "{" + ", ".join(f"{key}: {value}" for key, value in items.items()) + "}"
        )
    ),
    max_leaves=12,
)
FILES = st.dictionaries(KEYS, VALUES, max_size=5).map(
    lambda items: "\n".join(["version: 1", *(f"{key}: {value}" for key, value in items.items())])
)
TARGETS = VALUES.map(lambda value: f"{SOURCE}targets:\n  t: {{connector: http, settings: {value}}}\n")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400)
@given(text=st.text() | FILES | TARGETS | st.binary())
def test_any_file_loads_or_raises_config_error(tmp_path, text):
    try:
        load_text(tmp_path, text, {"X": "7"})
    except ConfigError as error:
        found = error.problems
    else:
        return

    assert found
    assert all(one.message for one in found)


def test_loading_is_quick(tmp_path):
    path = tmp_path / "c.yaml"
    one = "\n".join(WHOLE.split("\n")[14:23])
    path.write_text(
        WHOLE.replace(one, "\n".join(one.replace("sales:", f"s{n}:").replace("rest:", f"r{n}:") for n in range(10)))
    )
    load(path, environment={}, connectors=CONNECTORS)  # imports and builds what is built once

    start = time.perf_counter()
    loaded = load(path, environment={}, connectors=CONNECTORS)

    assert len(loaded.rules.targets) == 21
    assert time.perf_counter() - start < 0.5
