"""Rules: the checked tree as the engine wants it, and what in it is doubtful. Last step but one of `load`."""

from collections.abc import Mapping
from typing import Any

from bridge.config.document import Document, Path
from bridge.config.schema import Defaults, Source, Target, Tree
from bridge.config.variables import names_in
from bridge.core.mapping import read_records
from bridge.errors import Problem
from bridge.model.event import Kind
from bridge.model.rules import Policy, Route, Rules, SourceRule, TargetRule

SHORTEST_KEY = 8
LONG_PAST_S = 3600


def rules_of(tree: Tree, settings: dict[str, Any], connectors: Mapping[str, type]) -> Rules:
    """The rules that the tree declares; `settings` holds each target's own, validated."""
    return Rules(
        sources={name: _source(name, source, tree.defaults) for name, source in tree.sources.items()},
        targets={name: _target(name, target, settings[name], connectors) for name, target in tree.targets.items()},
        retain_payloads_s=tree.retention.payloads,
        retain_metadata_s=tree.retention.metadata,
    )


def warnings_of(tree: Tree, document: Document, *, unset: Mapping[Path, str]) -> list[Problem]:
    """What works, but hardly as it was meant. `unset`: where signing keys are missing, and the variables' names."""
    found = []
    for name, source in tree.sources.items():
        found += _key_doubts(name, source, document, unset) + _doubts(name, source, document)
    if not tree.targets:
        message = "there are no targets: events will be stored and stay unrouted"
        found.append(document.problem(message, path=("targets",), hint="add one under targets:", key=True))
    else:
        found += _unrouted(tree, document)
    for name, target in tree.targets.items():
        if sum(target.delivery.retry) > tree.retention.payloads:
            message = "the waits of retry last longer than payloads are kept"
            hint = "raise retention.payloads, or shorten retry"
            found.append(document.problem(message, path=("targets", name, "delivery", "retry"), hint=hint))
    return found


def _source(name: str, source: Source, defaults: Defaults) -> SourceRule:
    return SourceRule(
        name=name,
        preset=source.preset,
        signing_keys=tuple(key.encode("utf-8", "surrogatepass") for key in source.signing_keys if key.strip()),
        past_s=source.tolerance.past,
        future_s=source.tolerance.future,
        chatbots=frozenset(source.chatbots),
        ignore_types=frozenset(source.ignore_types),
        timezone=source.timezone or defaults.timezone,
        phone_region=source.phone_region or defaults.phone_region,
    )


def _target(name: str, target: Target, settings: object, connectors: Mapping[str, type]) -> TargetRule:
    delivery = target.delivery
    declared = getattr(connectors.get(target.connector), "default_records", ())
    return TargetRule(
        name=name,
        connector=target.connector,
        settings=settings,
        route=Route(kinds=frozenset(target.when.kind), sources=frozenset(target.when.source)),
        policy=Policy(
            concurrency=delivery.concurrency,
            rate=delivery.rate,
            timeout_s=delivery.timeout,
            connect_s=delivery.connect_s,
            retry_s=tuple(delivery.retry),
        ),
        records=read_records(declared) if declared else (),  # which plugins has read before
    )


def _key_doubts(name: str, source: Source, document: Document, unset: Mapping[Path, str]) -> list[Problem]:
    path: Path = ("sources", name, "signing_keys")
    if not any(key.strip() for key in source.signing_keys):  # told once, whatever the number of variables
        written = [document.written.get((*path, n), "") for n in range(len(source.signing_keys))]
        variables = [variable for text in written for variable in names_in(text)]
        message = "no signing key is set yet: only test requests are accepted"
        hint = f"set {' or '.join(variables)}" if variables else "list one under signing_keys"
        return [document.problem(message, path=path, hint=hint, key=True)]
    found = []
    for n, key in enumerate(source.signing_keys):
        if (*path, n) in unset:
            message = f"{unset[*path, n]} is not set yet: this entry does not count"
            found.append(document.problem(message, path=(*path, n), hint=f"set {unset[*path, n]}"))
        elif key.strip() and len(key) < SHORTEST_KEY:
            message = f"this signing key is shorter than {SHORTEST_KEY} characters"
            found.append(document.problem(message, path=(*path, n), hint="was it copied whole?"))
    return found


def _doubts(name: str, source: Source, document: Document) -> list[Problem]:
    found = []
    if source.tolerance.past > LONG_PAST_S:
        message = "requests this old are accepted: a recorded one can be sent again for that long"
        past = ("sources", name, "tolerance", "past")
        found.append(document.problem(message, path=past, hint="10m is enough for the sender's retries"))
    return found


def _unrouted(tree: Tree, document: Document) -> list[Problem]:
    routes = [Route(frozenset(one.when.kind), frozenset(one.when.source)) for one in tree.targets.values()]
    return [
        document.problem(
            "no target wants events of this source: they will be stored and stay unrouted",
            path=("sources", name),
            hint="see `when` of the targets",
            key=True,
        )
        for name in tree.sources
        if not any(route.wants(kind=kind, source=name) for route in routes for kind in Kind)
    ]
