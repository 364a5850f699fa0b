"""A source that no declaration can describe comes from another package: found by its entry point, and kept apart."""

import sys
import textwrap
from asyncio import CancelledError
from pathlib import Path

import pytest

from bridge import plugins
from bridge.engine import plugged
from bridge.errors import BadPayload, BadSignature, BridgeError, UnknownPlugin
from bridge.model.event import Kind, Reading
from bridge.model.fields import Fields
from bridge.model.rules import SourceRule
from bridge.model.signed import Request
from bridge.source import Verified
from bridge.wiring.plugged import plugins_of
from tests.packages import SOURCES, put

GOOD = """
    class Settings: ...

    class Acme:
        Settings = Settings
        def verify(self, request): ...
"""
RULE = SourceRule("acme", plugin="acme", is_platform=False)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Installs a package with one source, as pip would: a module and its metadata on the path."""
    monkeypatch.syspath_prepend(str(tmp_path))
    made = set()

    def install(package: str, *, name: str, source: str) -> None:
        entry = f"{name} = {package.replace('-', '_')}:Acme"
        made.add(put(tmp_path, package, SOURCES, entry, version="1.2", source=textwrap.dedent(source)))

    yield install

    for module in made:
        sys.modules.pop(module, None)


class Plugin:
    """One whose answers are given."""

    def __init__(self, *, verified=None, found=None):
        self.verified, self.found = verified, found

    def verify(self, request):
        if isinstance(self.verified, BaseException):
            raise self.verified
        return self.verified

    def read(self, body):
        if isinstance(self.found, BaseException):
            raise self.found
        return self.found


def read(found, *, rule=RULE, body=b"<xml/>") -> Reading:
    return plugged.read(Plugin(found=found), body, source=rule)


def test_a_source_of_another_package_is_found_and_is_no_connector(install) -> None:
    install("acme-source", name="acme", source=GOOD)

    assert "Acme" == plugins.load("acme", plugins.SOURCES).__name__
    assert "acme" not in plugins.names()


def test_one_that_cannot_be_imported_is_named_and_the_others_work(install) -> None:
    install("acme-source", name="acme", source=GOOD)
    install("acme-broken", name="broken", source="import no_such_module_at_all")
    install("acme-empty", name="empty", source="class Acme: ...")

    found, problems = plugins.load_all(plugins.SOURCES)

    assert ["acme"] == list(found)
    assert "plugin 'broken' of package acme-broken 1.2 cannot be imported: ModuleNotFoundError" in problems["broken"]
    assert problems["empty"].endswith("is no plugin: acme_empty:Acme has no class Settings, no method verify")


def test_an_unknown_name_brings_the_nearest_one(install) -> None:
    install("acme-source", name="acmesource", source=GOOD)

    with pytest.raises(UnknownPlugin, match=r"no plugin 'acmesorce': did you mean acmesource\?"):
        plugins.load("acmesorce", plugins.SOURCES)


def test_a_plugins_refusal_is_a_refusal_with_its_reason_kept_short() -> None:
    with pytest.raises(BadSignature) as caught:
        plugged.verify(Plugin(verified=BadSignature("x" * 100, authentic=True)), Request(b"", {}))

    assert (64, "plugin: xxx", True) == (len(caught.value.reason), caught.value.reason[:11], caught.value.authentic)


@pytest.mark.parametrize("answer", [None, True, "yes", (7, False)])
def test_nothing_but_a_verified_lets_a_request_in(answer: object) -> None:
    with pytest.raises(plugged.Failed, match="not a Verified"):
        plugged.verify(Plugin(verified=answer), Request(b"", {}))


def test_what_else_a_plugin_raises_is_told_without_its_text() -> None:
    with pytest.raises(RuntimeError, match=r"the plugin failed: ValueError at .*test_source_plugins\.py:\d+") as caught:
        plugged.verify(Plugin(verified=ValueError("hunter2")), Request(b"", {}))

    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("end", [SystemExit("hunter2"), CancelledError("hunter2")])
def test_a_plugin_that_would_end_its_thread_fails_only_its_own_request(end: BaseException) -> None:
    with pytest.raises(plugged.Failed, match=rf"the plugin failed: {type(end).__name__} at .*test_source_plugins\.py"):
        plugged.verify(Plugin(verified=end), Request(b"", {}))

    assert f"the plugin failed: {type(end).__name__}" == read(end).unreadable[0].reason


def test_what_a_plugin_verified_is_so() -> None:
    assert Verified(7) == plugged.verify(Plugin(verified=Verified(7)), Request(b"", {}))


def test_what_a_plugin_reads_is_checked_as_a_body_is() -> None:
    found = [
        {"name": "Ana Cruz", "email": " a@x.io", "key": 7, "created_at": 1700764581, "other": [1]},
        {"kind": "appointment", "email": "a\x00b\ud800"},
        {"kind": "chat", "email": "a@x.io"},
        {"email": {"a": 1}},
        "text",
        {},
    ]

    reading = read(found)

    (first, _), (second, _) = reading.events
    assert (Kind.LEAD, "Cruz", "a@x.io", ("7",), [1]) == (
        first.kind, first.last_name, first.email, first.natural, first.raw["other"]
    )  # fmt: skip
    assert (Kind.APPOINTMENT, "ab\ufffd", ()) == (second.kind, second.email, second.natural)
    assert ["[2].kind", "[3].email", "[4]", "[5]"] == [part.path for part in reading.unreadable]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (BadPayload("x", "no contact in it"), "the plugin says: no contact in it"),
        (ValueError("private: a@x.io"), "the plugin failed: ValueError"),
        (KeyError("email"), "the plugin failed: KeyError"),
        (RecursionError(), "the plugin failed: RecursionError"),
        (None, "the plugin failed: TypeError"),
        ([{1, 2}], "the plugin failed: TypeError"),
        (7, "the plugin failed: TypeError"),
    ],
)
def test_a_body_that_a_plugin_cannot_read_is_quarantined_whole(found: object, reason: str) -> None:
    (part,) = read(found).unreadable

    assert (b"<xml/>", reason) == (part.raw, part.reason)


def test_a_plugin_without_read_leaves_the_body_to_the_declared_fields() -> None:
    class Verifier:
        def verify(self, request):
            return Verified(0)

    rule = SourceRule("acme", plugin="acme", is_platform=False, fields=Fields(texts={"email": (("mail",),)}))

    ((event, _),) = plugged.read(Verifier(), b'{"mail": "a@x.io"}', source=rule).events

    assert "a@x.io" == event.email


def test_one_that_fails_as_it_is_made_is_told_with_its_place_and_not_with_its_words(install) -> None:
    init = "def __init__(self, settings): raise ValueError('s3cret')"
    broken = GOOD.replace("Settings = Settings", f"Settings = Settings\n        {init}")
    install("acme-source", name="acme", source=broken)

    with pytest.raises(BridgeError) as told:
        plugins_of([RULE])

    assert "source acme: plugin 'acme' fails as it is made: ValueError" in str(told.value)
    assert "acme_source.py, line" in str(told.value)
    assert "s3cret" not in str(told.value)
