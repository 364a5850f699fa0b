"""Rules: the checked tree as the engine wants it, and what in it is doubtful. Last step but one of `load`."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from bridge.config.document import Document, Path
from bridge.config.fields import path_of
from bridge.config.schema import Defaults, Target, Tree
from bridge.config.signature import decoded
from bridge.config.source import Fields, Source, challenge_of
from bridge.config.source_doubts import doubts_of, is_platform
from bridge.errors import Problem
from bridge.model import fields as rules
from bridge.model.event import Kind
from bridge.model.fields import TEXTS
from bridge.model.mapping import MappingRule, Origin
from bridge.model.rules import Policy, Route, Rules, SourceRule, TargetRule
from bridge.model.trial import Trial


def rules_of(
    tree: Tree,
    settings: dict[tuple[str, str], Any],
    mapped: Mapping[str, tuple[Route, MappingRule]],
    trials: Iterable[Trial],
) -> Rules:
    """The rules that the tree declares; `settings` holds what plugins and connectors declare, by section and name;
    `mapped` what each target gets of which events.
    """
    sources = tree.sources.items()
    rules = {name: _source(name, one, tree.defaults, settings.get(("sources", name))) for name, one in sources}
    origins = {name: Origin(rule.timezone, rule.phone_region, tree.lookups) for name, rule in rules.items()}
    return Rules(
        sources=rules,
        targets={
            name: _target(name, target, settings["targets", name], *mapped[name], origins)
            for name, target in tree.targets.items()
        },
        trials=tuple(trials),
        retain_payloads_s=tree.retention.payloads,
        retain_metadata_s=tree.retention.metadata,
    )


def warnings_of(
    tree: Tree, document: Document, *, unset: Mapping[Path, str], routes: Collection[Route]
) -> list[Problem]:
    """What works, but hardly as it was meant. `unset`: where signing keys are missing, and the variables' names."""
    found = []
    for name, source in tree.sources.items():
        found += doubts_of(name, source, document, unset)
    if not tree.targets:
        message = "there are no targets: events will be stored and stay unrouted"
        found.append(document.problem(message, path=("targets",), hint="add one under targets:", key=True))
    else:
        found += _unrouted(tree, document, routes)
    for name, target in tree.targets.items():
        if sum(target.delivery.retry) > tree.retention.payloads:
            message = "the waits of retry last longer than payloads are kept"
            hint = "raise retention.payloads, or shorten retry"
            found.append(document.problem(message, path=("targets", name, "delivery", "retry"), hint=hint))
    return found


def _source(name: str, source: Source, defaults: Defaults, settings: object) -> SourceRule:
    scheme = source.scheme
    return SourceRule(
        name=name,
        scheme=scheme,
        signing_keys=tuple(decoded(key, scheme) for key in source.signing_keys if key.strip()),
        past_s=source.tolerance.past,
        future_s=source.tolerance.future,
        chatbots=frozenset(source.chatbots),
        ignore_types=frozenset(source.ignore_types),
        timezone=source.timezone or defaults.timezone,
        phone_region=source.phone_region or defaults.phone_region,
        fields=_fields(source.fields) if source.fields else None,
        key=tuple(map(path_of, source.key)),
        challenge=challenge_of(source),
        public_url=source.public_url or "",
        plugin=source.plugin or "",
        settings=settings,
        is_platform=is_platform(source),
    )


def _fields(said: Fields) -> rules.Fields:
    kind = said.kind
    return rules.Fields(
        texts={name: tuple(map(path_of, paths)) for name in TEXTS if (paths := getattr(said, name))},
        kind=rules.KindOf(
            always=kind.always or "lead",
            path=path_of(kind.path) if kind.path else (),
            values={word.strip().lower(): found for word, found in kind.values.items()} or {one: one for one in Kind},
        ),
        events=path_of(said.events) if said.events else (),
    )


def _target(
    name: str, target: Target, settings: object, route: Route, mapping: MappingRule, origins: Mapping[str, Origin]
) -> TargetRule:
    delivery = target.delivery
    return TargetRule(
        name=name,
        connector=target.connector,
        settings=settings,
        route=route,
        policy=Policy(
            concurrency=delivery.concurrency,
            rate=delivery.rate,
            timeout_s=delivery.timeout,
            connect_s=delivery.connect_s,
            retry_s=tuple(delivery.retry),
        ),
        mapping=replace(mapping, origins=origins),
    )


def _unrouted(tree: Tree, document: Document, routes: Iterable[Route]) -> list[Problem]:
    return [
        document.problem(
            "no target wants events of this source: they will be stored and stay unrouted",
            path=("sources", name),
            hint="see `when` of the targets",
            key=True,
        )
        for name in tree.sources
        if not any(not route.sources or name in route.sources for route in routes)
    ]
