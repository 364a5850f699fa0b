"""Sources in the configuration: by a preset, by its parts, or both; each mistake is told once, at its place."""

import base64
import hmac
import re
from pathlib import Path

import pytest

from bridge.config.load import load
from bridge.core.presets import PRESETS
from bridge.core.signature import verify
from bridge.errors import ConfigError, Problem
from bridge.model.fields import Challenge, Fields, KindOf
from bridge.model.rules import SourceRule
from bridge.model.scheme import NEWOAKS, Scheme, Timestamp
from bridge.model.signed import Request, Verified
from tests.config.cases import CONNECTORS, Keyed

HEAD = "version: 1\nsources:\n  acme:\n"
TARGETS = "targets: {t: {connector: keyed, settings: {api_key: an api key}}}\n"
KEYS = "    signing_keys: ['a long signing key']\n"
FIELDS = "    fields: {email: email}\n"


def loaded(folder: Path, source: str, environment: dict[str, str] | None = None):
    path = folder / "bridge.yaml"
    path.write_text(HEAD + source + TARGETS)
    return load(path, environment=environment or {}, connectors=CONNECTORS, plugins={"keyed": Keyed})


def rule(folder: Path, source: str, environment: dict[str, str] | None = None) -> SourceRule:
    return loaded(folder, source, environment).rules.sources["acme"]


def problems(folder: Path, source: str, environment: dict[str, str] | None = None) -> list[Problem]:
    try:
        loaded(folder, source, environment)
    except ConfigError as error:
        return error.problems
    return []


def warnings(folder: Path, source: str) -> list[tuple[str, str]]:
    return [(one.path.removeprefix("sources.acme"), one.message) for one in loaded(folder, source).warnings]


@pytest.mark.parametrize("name", [name for name in PRESETS if name not in ("token", "none", "hubspot")])
def test_a_presets_name_is_all_that_is_needed(tmp_path, name):
    key = "whsec_" + base64.b64encode(b"a long enough key").decode()

    found = rule(tmp_path, f"    preset: {name}\n    signing_keys: [{key}]\n")

    assert (PRESETS[name].scheme, name == "newoaks") == (found.scheme, found.is_platform)
    decoded = PRESETS[name].scheme.key_encoding == "base64"
    assert (b"a long enough key" if decoded else key.encode(),) == found.signing_keys


def test_without_a_word_about_it_a_source_is_the_platforms(tmp_path):
    found = rule(tmp_path, KEYS)

    assert (NEWOAKS, True, None) == (found.scheme, found.is_platform, found.fields)


def test_a_preset_may_be_changed_in_part(tmp_path):
    text = "    preset: stripe\n    signature: {header: X-Ours, timestamp: {pair: at, unit: ms}, algorithm: sha512}\n"

    found = rule(tmp_path, text + KEYS)

    assert found.scheme == Scheme(
        header="x-ours", format="pairs", timestamp=Timestamp(pair=b"at", unit="ms"), signed="{timestamp}.{body}",
        algorithm="sha512",
    )  # fmt: skip
    assert not found.is_platform


PAGE = """\
    signature:
      header: X-Acme-Signature
      prefix: "hmac "
      timestamp: {header: X-Acme-Time, unit: iso}
      signed: "{method}\\n{url}\\n{header:X-Acme-Id}\\n{timestamp}\\n{body}"
      algorithm: sha384
      encoding: base64url
      key_encoding: hex
    signing_keys: ["00ff10 abcdef0123456789"]
    public_url: https://hooks.example.com/webhooks/acme
"""


def test_a_source_is_declared_from_a_vendors_page_alone(tmp_path):
    found = rule(tmp_path, PAGE)
    url, body = "https://hooks.example.com/webhooks/acme?x=1", b'{"a": 1}'
    text = b"POST\n%b\n17\n2023-11-23T18:36:21Z\n%b" % (url.encode(), body)
    digest = hmac.digest(bytes.fromhex("00ff10abcdef0123456789"), text, "sha384")
    headers = {
        "x-acme-signature": b"hmac " + base64.urlsafe_b64encode(digest),
        "x-acme-time": b"2023-11-23T18:36:21Z",
        "x-acme-id": b"17",
    }

    assert Verified(1700764581) == verify(
        Request(body, headers, query="x=1", url=found.public_url), scheme=found.scheme, keys=found.signing_keys,
        now_s=1700764581, past_s=found.past_s, future_s=found.future_s, reserialise=lambda _: None,
    )  # fmt: skip


def test_fields_and_key_become_paths(tmp_path):
    text = (
        r"""
    preset: github
    fields:
      events: data.items
      kind: {path: type, values: {New.Lead: lead, "*": appointment}}
      email: [contact.email, 'contact.e\.mail', answers.0.text]
      created_at: at
    key: [data.id, part]
"""
        + KEYS
    )

    found = rule(tmp_path, text.lstrip("\n"))

    assert (("data", "id"), ("part",)) == found.key
    assert found.fields == Fields(
        texts={
            "email": (("contact", "email"), ("contact", "e.mail"), ("answers", "0", "text")),
            "created_at": (("at",),),
        },
        kind=KindOf(path=("type",), values={"new.lead": "lead", "*": "appointment"}),
        events=("data", "items"),
    )


@pytest.mark.parametrize(("said", "always"), [("kind: appointment", "appointment"), ("name: who", "lead")])
def test_the_kind_may_be_one_word_or_nothing(tmp_path, said, always):
    found = rule(tmp_path, "    preset: github\n    fields: {email: e, " + said + "}\n" + KEYS)

    assert (always, ()) == (found.fields.kind.always, found.fields.kind.path)


def test_a_challenge_is_the_presets_with_the_operators_token(tmp_path):
    text = "    preset: meta\n    challenge: {token: '${META}'}\n" + FIELDS + KEYS

    found = rule(tmp_path, text, {"META": "a token"})

    assert Challenge("hub.challenge", "hub.verify_token", b"a token") == found.challenge
    assert "a token" not in repr(found)
    assert (
        Challenge(echo=("challenge",), when={"type": "url_verification"})
        == rule(tmp_path, "    preset: slack\n" + KEYS).challenge
    )


def test_nothing_is_sent_back_to_a_sender_that_proves_nothing(tmp_path):
    text = "    preset: slack\n    signature: {proof: none}\n    allow_unsigned: true\n"

    assert rule(tmp_path, text + FIELDS).challenge is None


def test_a_challenge_of_ones_own(tmp_path):
    text = "    preset: github\n    challenge: {echo: data.nonce, when: {kind: ping}, answer: json}\n"

    assert (
        Challenge(echo=("data", "nonce"), when={"kind": "ping"}, as_json=True)
        == rule(tmp_path, text + FIELDS + KEYS).challenge
    )


def test_a_token_and_nothing_at_all_are_possible_where_they_are_allowed(tmp_path):
    token = rule(
        tmp_path, "    preset: token\n    allow_unsigned: true\n    signature: {query: token}\n" + FIELDS + KEYS
    )
    nothing = rule(tmp_path, "    preset: none\n    allow_unsigned: true\n" + FIELDS)

    assert Scheme(proof="token", query="token") == token.scheme
    assert (Scheme(proof="none"), False) == (nothing.scheme, nothing.lacks_key)


def test_a_plugins_settings_are_its_own_and_are_secret(tmp_path):
    found = rule(tmp_path, "    plugin: keyed\n    settings: {api_key: '${HELD}'}\n", {"HELD": "hunter2 and more"})

    assert ("keyed", "hunter2 and more", False) == (found.plugin, found.settings.api_key.reveal(), found.lacks_key)
    assert "hunter2" not in repr(found)


WRONG = [
    ("preset: githb", "preset", "unknown preset", "did you mean 'github'?"),
    ("preset: zapier", "preset", "unknown preset", "docs/sources.md"),
    ("preset: token\n    signature: {header: X}", "preset", "nothing that is sent is signed", "allow_unsigned: true"),
    ("preset: none", "preset", "nothing that is sent is signed", "allow_unsigned: true"),
    ("signature: {proof: none}", "signature.proof", "nothing that is sent is signed", "allow_unsigned"),
    ("preset: none\n    allow_unsigned: true\n    signing_keys: [long enough]", "signing_keys", "no use", "remove it"),
    ("preset: none\n    allow_unsigned: true\n    signature: {header: X}", "signature.header", "no use", "remove it"),
    ("preset: none\n    allow_unsigned: true\n    challenge: {echo: a}", "challenge", "nothing is sent back", ""),
    ("preset: token\n    allow_unsigned: true", "", "where the token stands", "{header: X-Token}"),
    ("signature: {proof: token, header: X, query: x}\n    allow_unsigned: true", "signature.query", "beside header",
     ""),
    ("signature: {proof: token, header: X, encoding: hex}\n    allow_unsigned: true", "signature.encoding",
     "no meaning", ""),
    ("signature: {header: X, query: x}", "signature.query", "only a token", "proof: token"),
    ("signature: {prefix: a}", "signature", "'header' is missing", "add header"),
    ("signature: {heder: X}", "signature.heder", "unknown key", "did you mean 'header'?"),
    ("signature: {header: 'X Y'}", "signature.header", "characters that no header name may have", "letters"),
    ("signature: {header: X, pair: v1}", "signature.pair", "belongs to format: pairs", "write format: pairs"),
    ("signature: {header: X, version: v1}", "signature.version", "belongs to format: versions", ""),
    ("preset: stripe\n    signature: {prefix: x}", "signature.prefix", "belongs to format: plain", ""),
    ("signature: {header: X, format: pair}", "signature.format", "plain, pairs or versions", "did you mean 'pairs'?"),
    ("signature: {header: X, encoding: b64}", "signature.encoding", "hex, base64 or base64url", ""),
    ("signature: {header: X, algorithm: md5}", "signature.algorithm", "sha256, sha512, sha384 or sha1", ""),
    ("signature: {header: X, signed: '{bdy}'}", "signature.signed", "unknown placeholder", "{body}"),
    ("signature: {header: X, signed: '{timestamp}'}", "signature.signed", "the body must be signed", "write {body}"),
    ("signature: {header: X, signed: '{timestamp}{body}'}", "signature.signed", "where {timestamp} stands", "add"),
    ("signature: {header: X, timestamp: {header: T}}", "signature.timestamp", "the time is not signed", "{timestamp}"),
    ("preset: slack\n    signature: {signed: 'v0:{body}'}", "signature.signed", "the time is not signed", ""),
    ("signature: {header: X, timestamp: {}, signed: '{timestamp}{body}'}", "signature.timestamp",
     "either pair or header", ""),
    ("signature: {header: X, timestamp: {pair: t}, signed: '{timestamp}{body}'}", "signature.timestamp.pair",
     "format: pairs only", "header"),
    ("signature: {header: X, format: pairs, pair: t, timestamp: {pair: t}, signed: '{timestamp}{body}'}",
     "signature.timestamp.pair", "the signature stands under this name", ""),
    ("signature: {header: X, timestamp: {header: T, unit: min}}", "signature.timestamp.unit", "s, ms or iso", ""),
    ("preset: hubspot", "preset", "signs the address too", "add public_url"),
    ("signature: {header: X, signed: '{url}{body}'}", "signature.signed", "signs the address too", "add public_url"),
    ("preset: hubspot\n    public_url: hooks.example.com", "public_url", "must begin with https://", "https://host"),
    ("preset: hubspot\n    public_url: https://x.io/a?b=c", "public_url", "the address alone", "leave out"),
    ("preset: svix\n    signing_keys: ['whsec_ no base64 at all']", "signing_keys[0]", "no base64", "copied whole"),
    ("preset: github\n    signature: {key_encoding: hex}\n    signing_keys: [00ff, 0xff]", "signing_keys[1]", "no hex",
     "copied whole"),
    ("preset: github\n    fields: {emial: a}", "fields.emial", "unknown key", "did you mean 'email'?"),
    ("preset: github\n    fields: {email: a..b}", "fields.email", "this is no path", "dots between"),
    ("preset: github\n    fields: {kind: led, email: a}", "fields.kind", "lead or appointment", "did you mean 'lead'?"),
    ("preset: github\n    fields: {kind: {path: a, values: {x: led}}, email: a}", "fields.kind.values.x",
     "lead or appointment", "did you mean 'lead'?"),
    ("preset: github\n    fields: {kind: {values: {x: lead}}, email: a}", "fields.kind", "values need a path", ""),
    ("preset: github\n    fields: {kind: lead}", "fields", "no field is declared", "email"),
    ("preset: github\n    chatbots: [A]\n    fields: {email: a}", "chatbots", "no event would be", "chatbot_id"),
    ("preset: github\n    ignore_types: [a]\n    fields: {email: a}", "ignore_types", "no event has a type", "kind"),
    ("preset: github\n    key: a..b", "key", "this is no path", ""),
    ("preset: meta\n    challenge: {answer: text}", "challenge", "'token' is missing", "add token"),
    ("preset: github\n    challenge: {query: c, token: abc}", "challenge", "'token_query' is missing", ""),
    ("preset: github\n    challenge: {answer: json}", "challenge", "'query' or 'echo'", ""),
    ("preset: meta\n    challenge: {token: abc, echo: a}", "challenge.echo", "beside query", ""),
    ("settings: {a: 1}", "settings", "settings belong to a plugin", "plugin"),
    ("plugin: keyd", "plugin", "unknown plugin", "did you mean 'keyed'?"),
    ("plugin: keyed\n    settings: {api_kye: x}", "settings.api_kye", "unknown key", "did you mean 'api_key'?"),
    ("plugin: keyed\n    settings: {api_key: x}\n    preset: github", "preset", "no meaning beside plugin", "settings"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "path", "message", "hint"), WRONG, ids=[row[0].replace("\n", " ") for row in WRONG])
def test_one_mistake_gives_one_problem_at_its_place(tmp_path, text, path, message, hint):
    (problem,) = problems(tmp_path, f"    {text}\n")

    assert f"sources.acme.{path}".rstrip(".") == problem.path
    assert message in problem.message
    assert hint in problem.hint
    key = re.split(r"[.\[]", path)[-1].rstrip("]") or "acme"
    assert key.isdigit() or key in (HEAD + f"    {text}").split("\n")[problem.line - 1]


def test_several_mistakes_in_one_signature_are_told_at_once(tmp_path):
    text = "    signature: {header: X, version: v1, pair: p, timestamp: {header: T}}\n    signing_keys: [same, same]\n"

    paths = [one.path for one in problems(tmp_path, text)]

    assert ["sources.acme.signing_keys[1]"] == paths  # what is wrong by itself comes first …
    paths = [one.path.removeprefix("sources.acme.signature") for one in problems(tmp_path, text.replace("same, ", ""))]
    assert [".version", ".pair", ".timestamp"] == paths  # … then all that does not fit together


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("preset: stripe", []),
        ("preset: github", [(".preset", "no time is signed")]),
        ("signature: {header: X}", [(".signature", "no time is signed")]),
        ("preset: tawk", [(".preset", "no time is signed"), (".preset", "requests are signed with sha1")]),
        ("preset: stripe\n    allow_unsigned: true", [(".allow_unsigned", "allow_unsigned has no use here")]),
        ("preset: github\n    tolerance: {past: 1m}", [(".preset", "no time"), (".tolerance", "this has no use")]),
        ("preset: stripe\n    tolerance: {past: 1d}", [(".tolerance.past", "requests this old are accepted")]),
        ("preset: meta", [(".preset", "no time is signed"), (".preset", "the sender's check of this address")]),
        (
            "preset: token\n    allow_unsigned: true\n    signature: {header: X}",
            [(".signature", "the sender shows a fixed token")],
        ),
        (
            "preset: token\n    allow_unsigned: true\n    signature: {query: x}",
            [(".signature", "the sender shows a fixed token and signs nothing: the query is in the logs")],
        ),
    ],
)
def test_what_is_weaker_than_it_looks_is_a_warning(tmp_path, text, expected):
    found = warnings(tmp_path, f"    {text}\n{KEYS}{FIELDS}")

    assert sorted(path for path, _ in expected) == sorted(path for path, _ in found)
    assert all(any(path == at and message.startswith(start) for at, message in found) for path, start in expected)


def test_a_source_that_proves_nothing_is_a_warning_and_needs_no_key(tmp_path):
    found = warnings(tmp_path, "    preset: none\n    allow_unsigned: true\n" + FIELDS)

    assert [(".preset", "whoever knows this address can send events: nothing is verified")] == found


def test_no_fields_are_a_warning_where_the_sender_is_not_the_platform(tmp_path):
    assert [("", "no fields are declared: events are looked for under the chatbot platform's own names")] == warnings(
        tmp_path, "    preset: stripe\n" + KEYS
    )


@pytest.mark.parametrize(
    "text",
    [
        "preset: meta\n    challenge: hunter2",
        "preset: meta\n    challenge: [hunter2]",
        "preset: meta\n    challenge: {tokn: hunter2}",
        "preset: meta\n    challenge: {token: [hunter2]}",
        "preset: meta\n    challenge: {token: hunter2, echo: a}",
        "preset: svix\n    signing_keys: [hunter2!]",
        "plugin: keyed\n    settings: {api_key: [hunter2]}",
        "plugin: keyd\n    settings: {api_key: hunter2}",
        "plugin: keyed\n    settings: hunter2",
        "plugin: keyed\n    settings: [hunter2]",
        "settings: hunter2",
    ],
)
def test_no_problem_of_a_source_shows_a_secret(tmp_path, text):
    found = problems(tmp_path, f"    {text}\n")

    assert found
    assert "hunter2" not in "".join(map(str, found)) + "".join(map(repr, found))


def test_an_unset_key_does_not_stop_the_start_and_an_unset_token_does(tmp_path):
    assert rule(tmp_path, "    preset: svix\n    signing_keys: ['${UNSET}']\n").lacks_key
    (problem,) = problems(tmp_path, "    preset: meta\n    challenge: {token: '${UNSET}'}\n")
    assert re.search("UNSET is not set", problem.message)
