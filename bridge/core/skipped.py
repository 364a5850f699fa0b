"""Skipped: why a target, or a record of it, does not get an event. For people; a worker need not know."""

from bridge.core.conditions import unmet
from bridge.core.mapping import names_for
from bridge.model.delivery import Claim
from bridge.model.mapping import MappingRule
from bridge.model.rules import Route

TARGET = ""  # stands for the whole target among the names of its records

_DOES_NOT_HOLD = "its `when` does not hold"


def skipped_in(mapping: MappingRule, claim: Claim) -> dict[str, str]:
    """The records that `records_for` leaves out, by name, each with the reason; or TARGET, where it gives none.

    Raises ValueError, where `records_for` raises MappingError.
    """
    names = names_for(claim.stored, mapping)
    if why := unmet(mapping.when, names):
        return {TARGET: f"{_DOES_NOT_HOLD}: {why}"}
    found: dict[str, str] = {}
    for rule in mapping.records:
        if missing := sorted(rule.needs & found.keys()):
            found[rule.name] = f"it uses the id or url of {missing[0]}, which is skipped"
        elif why := unmet(rule.when, names):
            found[rule.name] = f"{_DOES_NOT_HOLD}: {why}"
    return found


def unwanted(route: Route, claim: Claim) -> str:
    """Why the target gets no delivery of the event at all; empty where it gets one."""
    event = claim.stored.event
    asked = (
        ("kind", event.kind.value, route.kinds),
        ("source", event.source, route.sources),
        ("chatbot_id", event.chatbot_id, route.chatbots),
    )
    return next(
        (
            f"{_DOES_NOT_HOLD}: {name}: {' or '.join(sorted(wanted))}"
            for name, said, wanted in asked
            if wanted and said not in wanted
        ),
        "",
    )
