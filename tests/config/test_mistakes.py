"""Planted mistakes: each is found at its place, with the right advice, and all of them at once."""

import pytest

from bridge.config.load import load
from bridge.errors import ConfigError
from tests.config.cases import KEYED, SOURCE, load_text, problems_of

MANY = """\
version: 2
default: {timezone: UTC}
sources:
  main:
    preset: newoak
    signing_keys: ["same signing key", "same signing key"]
    tolerance: {past: 10, future: 5 minutes}
    timezone: America/New_Yrok
    chatbots: [0042, 42]
  Main Street:
    phone_region: us
targets:
  sales:
    connecter: http
  desk:
    connector: htpp
  crm:
    connector: http
    settings:
      urll: http://x
      method: post
      allow_private_addresses: yes
      auth: {basic: {username: x}}
      headers: {X-Number: 5}
      tags: one
    when: {kind: [lead, appointmnt], source: mian}
    delivery: {concurrency: 0, timeout: 11m, retry: [5s, 5x]}
retention: {payloads: }
retention: {}
"""

EXPECTED = [
    (1, 10, "version", "this must be 1", ""),
    (2, 1, "default", "unknown key 'default'", "did you mean 'defaults'?"),
    (5, 13, "sources.main.preset", "unknown preset", "did you mean 'newoaks'?"),
    (6, 40, "sources.main.signing_keys[1]", "the same signing key", "entry [0]: remove one"),
    (7, 23, "sources.main.tolerance.past", "a duration needs a unit", "write 10s or 10m"),
    (7, 35, "sources.main.tolerance.future", "this is no duration", "1h30m"),
    (8, 15, "sources.main.timezone", "unknown time zone", "did you mean 'America/New_York'?"),
    (9, 22, "sources.main.chatbots[1]", "this must be a text", "put quotes around it"),
    (10, 3, "sources.Main Street", "no usable name", "it stands in URLs"),
    (11, 19, "sources.Main Street.phone_region", "unknown phone region", "did you mean 'US'?"),
    (14, 5, "targets.sales.connecter", "unknown key 'connecter'", "did you mean 'connector'?"),
    (16, 16, "targets.desk.connector", "unknown connector", "did you mean 'http'?"),
    (20, 7, "targets.crm.settings.urll", "unknown key 'urll'", "did you mean 'url'?"),
    (21, 15, "targets.crm.settings.method", "this must be POST, PUT or PATCH", "did you mean 'POST'?"),
    (22, 32, "targets.crm.settings.allow_private_addresses", "this must be true or false", "small letters"),
    (23, 14, "targets.crm.settings.auth.basic.password", "'password' is missing", "add password"),
    (24, 27, "targets.crm.settings.headers.X-Number", "this must be a text", "put quotes around it"),
    (25, 13, "targets.crm.settings.tags", "this must be a list", "write [a, b]"),
    (26, 25, "targets.crm.when.kind[1]", "unknown kind", "did you mean 'appointment'?"),
    (26, 46, "targets.crm.when.source", "unknown source", "did you mean 'main'?"),
    (27, 29, "targets.crm.delivery.concurrency", "this must be at least 1", ""),
    (27, 41, "targets.crm.delivery.timeout", "must be between 1s and 10m", ""),
    (27, 58, "targets.crm.delivery.retry[1]", "this is no duration", "write 500ms"),
    (29, 1, "retention", "this key stands here twice", "first on line 28"),
]


def test_all_mistakes_of_a_file_are_told_at_once_each_at_its_place(tmp_path):
    found = problems_of(tmp_path, MANY)

    assert [row[:3] for row in EXPECTED] == [(one.line, one.column, one.path) for one in found]
    for problem, (_, _, _, message, hint) in zip(found, EXPECTED, strict=True):
        assert message in problem.message
        assert hint in problem.hint


def test_a_problem_shows_its_file_and_its_line_with_a_caret_under_the_mistake(tmp_path):
    (problem,) = problems_of(tmp_path, SOURCE + "    timezone: Mars\n")

    first, excerpt, caret = str(problem).split("\n")
    assert first.startswith(f"{tmp_path / 'bridge.yaml'}:5:15: sources.main.timezone: unknown time zone (")
    assert "        timezone: Mars" == excerpt
    assert excerpt.index("Mars") == caret.index("^")


def target(settings):
    return f"{SOURCE}targets:\n  t:\n    connector: http\n    settings: {settings}\n"


@pytest.mark.parametrize(
    ("text", "column", "path", "message", "hint"),
    [
        ("", 3, ".url", "'url' is missing", "add url"),
        ("{url: }", 16, ".url", "this has no value", "write it after"),
        ("[url]", 15, "", "this must be a mapping", "write key: value"),
        ("{url: [http://x]}", 21, ".url", "this must be a text", "put quotes"),
        ("{url: http://x, auth: token}", 37, ".auth", "none of the forms", "write one of: basic, bearer"),
        ("{url: http://x, auth: {}}", 37, ".auth", "none of the forms", "write one of: basic, bearer"),
        ("{url: http://x, auth: {key: 1}}", 37, ".auth", "none of the forms", "write one of: basic, bearer"),
        ("{url: http://x, auth: {bearr: abc}}", 38, ".auth.bearr", "unknown key", "did you mean 'bearer'?"),
        ("{url: http://x, auth: {bearer: 5}}", 46, ".auth.bearer", "this must be a text", "put quotes"),
        ("{url: http://x, auth: {bearer: }}", 38, ".auth.bearer", "this has no value", "write it after"),
        ("{url: http://x, auth: {bearer: a, basic: {}}}", 49, ".auth.basic", "cannot stand beside", "keep one"),
        ("{url: http://x, auth: {basic: {user: a, password: b}}}", 46, ".auth.basic.user", "unknown", "'username'"),
        ("{url: http://x, probe: {url: http://x, method: POST}}", 62, ".probe.method", "GET or HEAD", ""),
        ("{url: http://x, size: [1]}", 37, ".size", "none of the forms", ""),
        ("{url: http://x, ratio: much}", 38, ".ratio", "this must be a number", ""),
        ("{url: http://x, headers: {A: }}", 44, ".headers.A", "this has no value", ""),
        ("{url: http://x, auth: {bearer:x}}", 38, ".auth", "neither a key nor a value", "a space after the colon"),
        ("{url: ftp://x}", 15, "", "must begin with http", ""),
    ],
)
def test_one_mistake_in_settings_gives_one_problem_at_its_place(tmp_path, text, column, path, message, hint):
    (problem,) = problems_of(tmp_path, target(text))

    assert (f"targets.t.settings{path}", 8) == (problem.path, problem.line)
    assert message in problem.message
    assert hint in problem.hint
    assert not text or column == problem.column


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("sources: {a: {}}", "'version' is missing", "write version: 1 at the top"),
        ("version: 1", "'sources' is missing", "add sources"),
        ("version: 1\nsources:", "this has no value", "indented below"),
        ("version: 1\nsources: {}", "at least one source is needed", "config.example.yaml"),
        ("version: 1\nsources: [a]", "this must be a mapping", "key: value"),
        ("version: 1\nsources: {a: {}}\nfoo:", "unknown key 'foo'", "known here: defaults"),
        ("version: 1\nsource: {a: {}}", "unknown key 'source'", "did you mean 'sources'?"),
        ("version: 1\nsources: {a: {}}\nfoo: 1", "unknown key 'foo'", "known here: defaults, lookups, retention"),
        ("version: 1\nsources: {a: {signing_keys: abcdefgh}}", "this must be a list", "write [a, b]"),
        ("", "the configuration is empty", "config.example.yaml"),
        ("# only a comment", "the configuration is empty", "config.example.yaml"),
        ("hello", "this must be a mapping", ""),
        (SOURCE + "    phone_region: Germany", "unknown phone region", "two capital letters"),
        (SOURCE + "    tolerance: {past: '5'}", "a duration needs a unit", "write 5s or 5m"),
        (SOURCE + "    timezone: ../../etc/passwd", "unknown time zone", "America/New_York"),
        (SOURCE + "    timezone: localtime", "unknown time zone", "did you mean"),
        (SOURCE + "targets: {t: {connector: zapier}}", "unknown connector", "one of: http, keyed"),
        (
            SOURCE + KEYED + "    delivery: {timeout: 5s, connect_timeout: 6s}\n",
            "connect_timeout is longer than timeout",
            "lower it",
        ),
        (SOURCE + KEYED + "    delivery: {rate: 20}\n", "this is no rate", "write 20/s"),
        (SOURCE + KEYED + "    delivery: {rate: 0/s}\n", "this rate cannot be kept", "from 1 to"),
    ],
)
def test_a_mistake_outside_settings_gives_one_problem(tmp_path, text, message, hint):
    (problem,) = problems_of(tmp_path, text)

    assert message in problem.message
    assert hint in problem.hint


def test_a_connector_that_is_installed_and_broken_is_told_as_such(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(SOURCE + "targets: {t: {connector: acme}}")

    with pytest.raises(ConfigError) as caught:
        load(
            path, environment={}, connectors={}, broken={"connector": {"acme": "connector 'acme' has no method probe"}}
        )

    (problem,) = caught.value.problems
    assert "connector 'acme' has no method probe" in problem.message
    assert "author" in problem.hint


@pytest.mark.parametrize("name", ["", "Main", "1st", "a b", "a" * 41, "-a", "é", "a/b", "a\u0661"])
def test_a_name_that_cannot_stand_in_a_url_is_refused(tmp_path, name):
    found = problems_of(tmp_path, f'version: 1\nsources:\n  "{name}": {{}}\n')

    assert [(3, 3)] == [(one.line, one.column) for one in found]


def test_a_flood_of_mistakes_is_cut_short(tmp_path):
    found = problems_of(tmp_path, "".join(f"key{n}: 1\n" for n in range(5000)))

    assert len(found) < 250
    assert any("more problems" in one.message for one in found)


def test_no_file_is_told_with_where_it_was_looked_for(tmp_path):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "none.yaml", environment={}, connectors={})
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, environment={}, connectors={})

    for part in (str(tmp_path / "none.yaml"), "BRIDGE_CONFIG", "--config", "`bridge init`"):
        assert part in str(caught.value)


def test_a_connector_whose_declaration_is_broken_is_reported_not_raised(tmp_path):
    class NoDataclass:
        Settings = int

    class NoSettings:
        pass

    path = tmp_path / "c.yaml"
    path.write_text(SOURCE + "targets: {a: {connector: a, settings: {x: 1}}, b: {connector: b}}")
    with pytest.raises(ConfigError) as caught:
        load(path, environment={}, connectors={"a": NoDataclass, "b": NoSettings})

    assert ["tell the author of the connector"] * 2 == [one.hint for one in caught.value.problems]


def test_warnings_do_not_stop_the_start(tmp_path):
    text = "version: 1\nsources:\n  main:\n    signing_keys: [short]\n    tolerance: {past: 2h}\n  other:\n"

    found = load_text(tmp_path, text).warnings

    assert [
        (1, "there are no targets"),
        (4, "this signing key is shorter than 8"),
        (5, "requests this old are accepted"),
        (6, "no signing key is set yet"),
    ] == [(one.line, one.message.split(":")[0].split(" char")[0]) for one in found]


@pytest.mark.parametrize(
    ("line", "excerpt"),
    [
        ('  "Main Street": {}', '      "Main Street": {}'),
        ("  main bot: {signing_keys: [hunter2]}", "      main bot: {signing_keys: [*******]}"),
        ('  "Mé": {}', '      "Mé": {}'),
        ('  "bot:hunter2": {}', '      "bo**********: {}'),
    ],
)
def test_an_excerpt_shows_a_bad_name_but_not_what_may_be_a_value(tmp_path, line, excerpt):
    (problem,) = problems_of(tmp_path, SOURCE + line + "\n")

    assert "no usable name" in problem.message
    assert excerpt == f"    {problem.excerpt}"


def test_an_excerpt_shows_no_login_and_no_query_of_a_url(tmp_path):
    line = "{url: 'http://me:hunter2@x/y?key=hunter2', methd: POST}"

    (problem,) = problems_of(tmp_path, target(line))

    assert "hunter2" not in problem.excerpt
    assert "http://**:*******@x/y?" in problem.excerpt


@pytest.mark.parametrize("kind", ["lead", "Appointment", " LEAD "])
def test_to_ignore_all_leads_or_appointments_is_refused(tmp_path, kind):
    (problem,) = problems_of(tmp_path, f"{SOURCE}    ignore_types: [conversation, '{kind}']\n")

    assert ("sources.main.ignore_types[1]", 5) == (problem.path, problem.line)
    assert f"throw away every {kind.strip().lower()}" in problem.message
    assert "when" in problem.hint


@pytest.mark.parametrize("key", ["' a signing key'", "'a signing key '", '"a signing key\\n "', '"a signing key\\t"'])
def test_a_signing_key_with_white_space_around_it_is_refused(tmp_path, key):
    (problem,) = problems_of(tmp_path, f"version: 1\nsources: {{main: {{signing_keys: [{key}]}}}}\n")

    assert "sources.main.signing_keys[0]" == problem.path
    assert "begins or ends with white space" in problem.message
    assert "a signing key" not in str(problem)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_line_end_of_a_key_file_is_no_part_of_the_key(tmp_path, end):
    text = "version: 1\nsources: {main: {signing_keys: ['${KEY}']}}\n" + KEYED

    loaded = load_text(tmp_path, text, {"KEY": f"a signing key{end}"})

    assert (b"a signing key",) == loaded.rules.sources["main"].signing_keys
    assert [] == loaded.warnings


def test_the_same_key_with_and_without_a_line_end_is_the_same_key(tmp_path):
    text = "version: 1\nsources: {main: {signing_keys: ['${KEY}', a signing key]}}\n"

    (problem,) = problems_of(tmp_path, text, {"KEY": "a signing key\n"})

    assert "the same signing key stands here twice" == problem.message


def test_an_excerpt_shows_an_expression_that_lacks_its_quotes_where_no_secret_can_stand(tmp_path):
    record = "    records: [{name: a, fields: {x: {{ email | lower }}}}]\n"
    problems = problems_of(tmp_path, target("{url: http://x, auth: {bearer: {{ hunter2 }}}}") + record)

    excerpts = [one.excerpt for one in problems]
    assert 2 == len(problems)
    assert "hunter2" not in str(excerpts)
    assert "x: {{ email | lower }}" in excerpts[1]


def test_of_a_line_that_cannot_be_read_an_excerpt_shows_only_the_words_of_an_expression(tmp_path):
    (problem,) = problems_of(tmp_path, SOURCE + """vars: {a: hunter2, b: "{{ email | label("hunter2") }}"}\n""")

    assert """vars: {*: ******** *: "{{ email | label("*******") }}"}""" == problem.excerpt


@pytest.mark.parametrize(
    ("records", "hint"),
    [
        ("[{name: a, fields: [{x: 1}]}]", "take the dashes away: write key: value lines"),
        ("{a: {fields: {x: 1}}}", "begin each entry with a dash, such as - name: …"),
        ("a", "write [a, b], or lines that begin with a dash"),
    ],
)
def test_a_list_in_place_of_a_mapping_is_told_what_to_do_with_its_dashes(tmp_path, records, hint):
    (problem,) = problems_of(tmp_path, target("{url: http://x}") + f"    records: {records}\n")

    assert hint == problem.hint


@pytest.mark.parametrize("version", ["true", "'2'", "[1]"])
def test_a_version_is_the_number_1(tmp_path, version):
    (problem,) = problems_of(tmp_path, SOURCE.replace("version: 1", f"version: {version}"))

    assert "this must be 1" == problem.message


def test_a_number_in_quotes_is_none_in_a_record(tmp_path):
    record = "    records: [{name: a, fields: {x: {value: x, max_length: '5'}}}]\n"
    (problem,) = problems_of(tmp_path, target("{url: http://x}") + record)

    assert ("this must be a whole number", "write digits only, without quotes") == (problem.message, problem.hint)


@pytest.mark.parametrize("between", ["", "    # mine\n", "\n"])
def test_a_key_without_a_space_after_its_colon_is_told_where_it_stands(tmp_path, between):
    (problem,) = problems_of(tmp_path, SOURCE + f"targets:\n  crm:\n    connector:http\n{between}    settings: {{}}\n")

    assert (7, 5) == (problem.line, problem.column)
    assert "a key without a space after its colon" == problem.message


def test_a_key_of_curly_quotes_and_a_name_without_braces_are_doubtful(tmp_path):
    keys = ["“${THE_KEY}”", "$THE_KEY", "$OTHER_KEY"]
    text = "version: 1\nvars: {said: “so”}\nsources:\n  main:\n    signing_keys:\n"

    found = load_text(tmp_path, text + "".join(f"      - {key}\n" for key in keys), {"THE_KEY": "a long key"}).warnings

    assert [
        ("“ is no quotation mark here, but a part of the text", 'write straight ones: "'),
        ("this is the secret itself, not the variable of this name", "did you mean ${THE_KEY}?"),
        ("this is the secret itself, not the variable of this name", "did you mean ${…}?"),
    ] == [(one.message, one.hint) for one in found if one.path.startswith("sources")]
