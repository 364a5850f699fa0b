"""Secrets: neither what a variable brought nor what was typed into the file is ever shown."""

from dataclasses import dataclass

import pytest

from bridge.config.load import load
from bridge.connector import Secret
from bridge.errors import ConfigError
from tests.config.cases import CONNECTORS, SOURCE, load_text, problems_of

TYPED = "hunter2-typed"
HELD = "hunter2-held"
ENVIRONMENT = {"HELD": HELD}


@pytest.mark.parametrize(
    "line",
    [
        f"targets: {{t: {{connector: keyed, settings: {{api_key: {TYPED}, more: 1}}}}}}",
        f"targets: {{t: {{connector: keyed, settings: {{api_kye: {TYPED}}}}}}}",
        f"targets: {{t: {{connector: keyed, settings: {{api_key: [{TYPED}]}}}}}}",
        f"targets: {{t: {{connector: keyed, settings: {{api_key: {{{TYPED}: 1}}}}}}}}",
        f"targets: {{t: {{connector: keyed, settings: {TYPED}}}}}",
        f"targets: {{t: {{connector: keyd, settings: {{api_key: {TYPED}}}}}}}",
        f"targets: {{t: {{connecto: keyed, settings: {{api_key: {TYPED}}}}}}}",
        f"targets: {{t: {{connector: keyed, api_key: {TYPED}}}}}",
        f"targets: {{t: [{TYPED}]}}",
        f"targets: [{{connector: keyed, settings: {{api_key: {TYPED}}}}}]",
        f"target: {{t: {{connector: keyed, settings: {{api_key: {TYPED}}}}}}}",
        f"targets: {{t: {{connector: http, settings: {{url: x, headers: {{A: {TYPED}}}}}}}}}",
        f"targets: {{t: {{connector: http, settings: {{url: http://x, auth: {TYPED}}}}}}}",
        f"targets: {{t: {{connector: http, settings: {{url: http://x, auth: {{bearr: {TYPED}}}}}}}}}",
        f"targets: {{t: {{connector: http, settings: {{url: http://x, auth: {{basic: {TYPED}}}}}}}}}",
        f"targets: {{t: {{connector: http, settings: {{url: http://x, auth: {{bearer: a, basic: {TYPED}}}}}}}}}",
        f"targets: {{t: {{connector: keyed, settings: {{api_key: *{TYPED}}}}}}}",
        f"targets: {{t: {{connector: keyed, settings: {{api_key: !{TYPED} }}}}}}",
        f"targets: {{t: {{connector: keyed, settings: {{api_key: '{TYPED}}}}}}}",
        f"targets: {{t: {{connector: keyed, settings: {{api_key: '${{NONE}}{TYPED}'}}}}}}",
        f"  x: {{signing_keys: [{TYPED}, {TYPED}]}}",
        f"  x: {{signing_keys: {TYPED}}}",
        f"targets: {{t: {{connector: keyed, settings: {{api_key:{TYPED}}}}}}}",
        f"targets: {{t: {{connector: keyed, settings: {{api_key {TYPED}}}}}}}",
        f"targets: {{t: {{connector: keyed, settings: api_key:{TYPED}}}}}",
        f"  x: {{signing_keys: [{{{TYPED}: 1}}]}}",
        f"  x: {{signing_key: [{TYPED}]}}",
        f"  x: {{signing_keys: [a], signing_keys: [{TYPED}]}}",
        f"  x: {{signing_keys: ['{TYPED}]}}",
        f"  x: {{preset: none, signing_keys: [{TYPED}]}}",
        f"  x: {{preset: none, signing_keys: ['${{HELD}}{TYPED}']}}",
        "targets: {t: {connector: http, settings: {url: 'ftp://${HELD}'}}}",
        "targets: {t: {connector: '${HELD}'}}",
        "targets: {t: {connector: http, settings: {url: http://x, method: '${HELD}'}}}",
        "targets: {t: {connector: http, settings: {url: http://x, ratio: '${HELD}'}}}",
        "  x: {timezone: '${HELD}', phone_region: '${HELD}', tolerance: {past: '${HELD}'}, preset: '${HELD}'}",
    ],
)
def test_no_problem_shows_a_secret(tmp_path, line):
    found = problems_of(tmp_path, SOURCE + line + "\n", ENVIRONMENT)

    assert found
    for problem in found:
        assert "hunter2" not in str(problem)
        assert "hunter2" not in repr(problem)


def test_a_secret_cut_by_a_comment_sign_is_hidden_whole(tmp_path):
    text = SOURCE + "targets:\n  t:\n    connector: keyed\n    settings:\n      api_kye: abc #hunter2\n"

    assert "hunter2" not in "".join(map(str, problems_of(tmp_path, text)))


def test_what_a_connector_says_about_its_settings_is_scrubbed(tmp_path):
    @dataclass(frozen=True)
    class Strict:
        api_key: Secret

        def __post_init__(self):
            raise ValueError(f"bad key {self.api_key.reveal()}")

    path = tmp_path / "c.yaml"
    path.write_text(SOURCE + "targets: {t: {connector: a, settings: {api_key: '${HELD} and more'}}}")
    with pytest.raises(ConfigError) as caught:
        load(path, environment=ENVIRONMENT, connectors={"a": type("A", (), {"Settings": Strict})})

    assert ["bad key ***"] == [one.message for one in caught.value.problems]


def test_comments_are_not_shown(tmp_path):
    text = SOURCE + "    timezone: 'Mars #1' # was hunter2\n    phone_region: {  # hunter2\n    } \n"

    zone, region = problems_of(tmp_path, text)
    assert "    timezone: 'Mars #1'" == zone.excerpt
    assert "    phone_region: {" == region.excerpt


def test_a_mere_variable_is_shown_because_it_tells_nothing(tmp_path):
    found = load_text(tmp_path, 'version: 1\nsources: {x: {signing_keys: ["${KEY}"]}}').warnings

    assert any('["${KEY}"]' in one.excerpt for one in found)


def test_no_repr_of_what_was_loaded_shows_a_secret(tmp_path):
    text = (
        f"{SOURCE}  x: {{signing_keys: [{TYPED}, '${{HELD}}']}}\ntargets:\n  t:\n    connector: http\n    settings:\n"
        f"      url: http://x\n      headers: {{A: {TYPED}, B: '${{HELD}}'}}\n"
        f"      auth: {{basic: {{username: u, password: {TYPED}}}}}\n"
    )

    loaded = load_text(tmp_path, text, ENVIRONMENT)

    settings = loaded.rules.targets["t"].settings
    assert "hunter2" not in repr(loaded) + repr(loaded.rules) + repr(settings)
    assert (TYPED, HELD) == (settings.auth.basic.password.reveal(), settings.headers["B"].reveal())
    assert isinstance(settings.headers["A"], Secret)
    assert (TYPED.encode(), HELD.encode()) == loaded.rules.sources["x"].signing_keys


def test_no_error_in_the_chain_shows_a_secret(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(f"{SOURCE}targets: {{t: {{connector: keyed, settings: {{api_key: [{TYPED}]}}}}}}")

    with pytest.raises(ConfigError) as caught:
        load(path, environment={}, connectors=CONNECTORS)

    error: BaseException | None = caught.value
    while error is not None:
        assert "hunter2" not in str(error) + repr(error)
        error = error.__cause__ or error.__context__
