import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.config.variables import resolve
from tests.config.cases import KEYED, SOURCE, load_text, problems_of, settings_of

ENVIRONMENT = {"SET": "value", "EMPTY": "", "N": "7", "T": "true", "LETTERS": "seven"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("${SET}", "value"),
        ("a ${SET} b ${SET}", "a value b value"),
        ("${SET:-x}", "value"),
        ("${UNSET:-x}", "x"),
        ("${EMPTY:-x}", "x"),
        ("${EMPTY}", ""),
        ("${UNSET:-}", ""),
        ("${UNSET:-a$$b}", "a$b"),
        ("${SET:?needed}", "value"),
        ("$$", "$"),
        ("$${SET}", "${SET}"),
        ("$$$${SET}", "$${SET}"),
        ("$$${SET}", "$value"),
        ("$SET", "$SET"),
        ("5$", "5$"),
    ],
)
def test_variables_are_filled_in(text, result):
    assert (result, []) == resolve(text, ENVIRONMENT)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${UNSET}", "UNSET is not set"),
        ("${UNSET:?ask the CRM's admin}", "UNSET is not set: ask the CRM's admin"),
        ("${EMPTY:?}", "EMPTY is not set: it is needed"),
        ("${SET", "a ${ that is no variable"),
        ("${}", "a ${ that is no variable"),
        ("${1A}", "a ${ that is no variable"),
        ("${SET-x}", "a ${ that is no variable"),
        ("${A:-${SET}}", "a variable inside ${A…}"),
    ],
)
def test_what_cannot_be_filled_in_is_a_fault(text, message):
    _, faults = resolve(text, ENVIRONMENT)

    assert [message] == [fault.message for fault in faults]


@given(st.text().filter(lambda text: "\x00" not in text))
def test_a_value_is_never_parsed_again(secret):
    assert (secret, []) == resolve("${S}", {"S": secret})


@pytest.mark.parametrize("secret", ['a: b # "c\nd: [', "{{ x }}", "${SET}", "true", "5", " x ", "'"])
def test_a_secret_passes_unharmed(tmp_path, secret):
    settings = settings_of(tmp_path, '{url: http://x, auth: {bearer: "${SECRET}"}}', {"SECRET": secret})

    assert secret == settings.auth.bearer.reveal()


def test_a_text_becomes_a_number_or_a_truth_only_where_one_is_wanted(tmp_path):
    settings = settings_of(
        tmp_path,
        '{url: "http://${N}", tags: ["${N}", "${T}"], ratio: "${N}", allow_private_addresses: "${T}"}',
        ENVIRONMENT,
    )

    assert ("http://7", ("7", "true")) == (settings.url, settings.tags)
    assert (7.0, True) == (settings.ratio, settings.allow_private_addresses)
    text = SOURCE + KEYED + '    delivery: {concurrency: "${N}"}\n'
    assert load_text(tmp_path, text, ENVIRONMENT).rules.targets["t"].policy.concurrency == 7


def test_a_text_that_is_no_number_is_a_problem_that_does_not_tell_it(tmp_path):
    text = SOURCE + KEYED + '    delivery: {concurrency: "${LETTERS}"}\n'

    (problem,) = problems_of(tmp_path, text, ENVIRONMENT)
    assert "this must be a whole number" == problem.message
    assert "seven" not in str(problem)


def test_every_unset_variable_is_reported_once_and_the_schema_keeps_quiet_about_it(tmp_path):
    text = f'{SOURCE}    timezone: "${{ZONE}}"\n    tolerance: {{past: "${{PAST}}"}}\n'

    found = [(one.path, one.message) for one in problems_of(tmp_path, text)]
    assert [("sources.main.timezone", "ZONE is not set"), ("sources.main.tolerance.past", "PAST is not set")] == found


def test_bytes_in_the_environment_that_are_no_utf_8_are_a_problem(tmp_path):
    (problem,) = problems_of(
        tmp_path, 'version: 1\nsources: {main: {signing_keys: ["${KEY}"]}}', {"KEY": "key\udcff1234"}
    )

    assert "no UTF-8" in problem.message


def test_a_flood_of_unset_variables_is_cut_short(tmp_path):
    found = problems_of(tmp_path, SOURCE + "    chatbots: [" + '"${NONE}",' * 1000 + "]\n")

    assert 201 == len(found)


def test_a_key_cannot_hold_a_variable(tmp_path):
    (problem,) = problems_of(tmp_path, SOURCE + '    "${SET}": 1\n', ENVIRONMENT)

    assert "a key cannot hold a variable" == problem.message


def test_an_unset_signing_key_is_a_warning_and_not_a_live_key(tmp_path):
    keys = '["${KEY}", "${OLD:-}", "${LIVE}"]'
    text = f"version: 1\nsources: {{main: {{signing_keys: {keys}}}}}\n{KEYED}"

    without = load_text(tmp_path, text)
    some = load_text(tmp_path, text, {"LIVE": "a live signing key"})

    assert () == without.rules.sources["main"].signing_keys
    assert [("no signing key is set yet", "set KEY or OLD or LIVE")] == [
        (one.message.split(":")[0], one.hint) for one in without.warnings
    ]
    assert (b"a live signing key",) == some.rules.sources["main"].signing_keys
    assert ["KEY is not set yet: this entry does not count"] == [one.message for one in some.warnings]


def test_a_signing_key_with_a_message_is_still_demanded(tmp_path):
    (problem,) = problems_of(tmp_path, 'version: 1\nsources: {main: {signing_keys: ["${KEY:?ask}"]}}')

    assert ("KEY is not set: ask", "") == (problem.message, problem.hint)


@pytest.mark.parametrize(
    "line",
    [
        "  x: {signing_keys: [$KEY, a long signing key]}",
        "targets: {t: {connector: keyed, settings: {api_key: $KEY}}}",
        "targets: {t: {connector: http, settings: {url: http://x, headers: {A: $KEY}}}}",
    ],
)
def test_a_secret_that_is_the_name_of_a_variable_is_a_warning(tmp_path, line):
    found = [one for one in load_text(tmp_path, f"{SOURCE}{line}\n").warnings if "the variable" in one.message]

    assert [("did you mean ${…}?", line.index("$") + 1)] == [(one.hint, one.column) for one in found]


@pytest.mark.parametrize("key", ["a$KEY", "$key is long", "$$KEY", "$KEY and more"])
def test_a_dollar_sign_alone_makes_no_variable(tmp_path, key):
    text = f"version: 1\nsources: {{main: {{signing_keys: ['{key}']}}}}\n{KEYED}"

    assert [] == [one for one in load_text(tmp_path, text).warnings if "the variable" in one.message]


@pytest.mark.parametrize("content", ["a secret", "a secret\n", "a secret\r\n"])
def test_a_mounted_secret_is_what_its_file_holds_without_the_last_line_end(tmp_path, content):
    (tmp_path / "token").write_bytes(content.encode())

    for name in (tmp_path / "token", "token", "./token", "${DIR}/token"):
        found = settings_of(tmp_path, f"{{url: http://x, auth: {{bearer: 'file:{name}'}}}}", {"DIR": str(tmp_path)})
        assert "a secret" == found.auth.bearer.reveal()


def test_a_mounted_secret_may_have_lines_and_is_never_parsed_again(tmp_path):
    (tmp_path / "token").write_text("-----BEGIN KEY-----\n${X}\n-----END KEY-----\n\n")

    found = settings_of(tmp_path, "{url: http://x, auth: {bearer: 'file:token'}}")

    assert "-----BEGIN KEY-----\n${X}\n-----END KEY-----\n" == found.auth.bearer.reveal()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("file:none", "there is no file none"),
        ("file:", "this names no file"),
        ("file:.", "the file cannot be read, Is a directory"),
        ("file:bytes", "no UTF-8 text"),
        ("file:large", "larger than 64 KiB"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_at_its_place(tmp_path, value, message):
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (tmp_path / "large").write_bytes(b"x" * 70_000)

    (problem,) = problems_of(tmp_path, SOURCE + KEYED.replace("an api key", f"'{value}'"))

    assert message in problem.message
    assert (8, 25) == (problem.line, problem.column)


def test_a_signing_key_that_is_not_mounted_yet_is_only_told(tmp_path):
    loaded = load_text(tmp_path, SOURCE.replace("a long signing key", "file:key"))

    assert loaded.rules.sources["main"].lacks_key
    assert "file:key" in " ".join(str(one) for one in loaded.warnings)


def test_a_problem_quotes_no_mounted_secret(tmp_path):
    (tmp_path / "url").write_text("hunter2-is-the-secret")

    (problem,) = problems_of(
        tmp_path, f"{SOURCE}targets:\n  t:\n    connector: http\n    settings: {{url: 'file:url'}}\n"
    )

    assert "must begin with http" in problem.message
    assert "hunter2" not in str(problem)
