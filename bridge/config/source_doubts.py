"""Source doubts: what in a source works, but hardly as it was meant, or is weaker than it looks: warnings."""

from collections.abc import Mapping

from bridge.config.document import Document, Path
from bridge.config.mounted import is_mounted
from bridge.config.source import Source, challenge_of
from bridge.config.variables import names_in
from bridge.core.presets import PRESETS
from bridge.errors import Problem
from bridge.model.scheme import NEWOAKS

SHORTEST_KEY = 8
LONG_PAST_S = 3600


def doubts_of(name: str, source: Source, document: Document, unset: Mapping[Path, str]) -> list[Problem]:
    """Warnings about one source. `unset`: where signing keys are missing, and the variables' names."""
    found = [] if source.plugin or source.scheme.proof == "none" else _key_doubts(name, source, document, unset)
    if not source.plugin:
        found += _strength_doubts(name, source, document)
    if not is_platform(source) and not source.plugin and source.fields is None:
        message = "no fields are declared: events are looked for under the chatbot platform's own names"
        hint = "say under fields where this sender writes what; docs/sources.md shows how"
        found.append(document.problem(message, path=("sources", name), hint=hint, key=True))
    preset = PRESETS[source.preset].challenge if source.preset else None
    if preset and challenge_of(source) is None:
        message = "the sender's check of this address is not answered: it has no token"
        hint = "add challenge: {token: …}, the one that was typed in at the sender"
        found.append(document.problem(message, path=("sources", name, "preset"), hint=hint))
    return found


def is_platform(source: Source) -> bool:
    """Whether this is the chatbot platform itself: it sends test requests, in its own words."""
    return not source.plugin and (source.preset == "newoaks" or source.scheme == NEWOAKS)


def _key_doubts(name: str, source: Source, document: Document, unset: Mapping[Path, str]) -> list[Problem]:
    path: Path = ("sources", name, "signing_keys")
    if not any(key.strip() for key in source.signing_keys):  # told once, whatever the number of variables
        written = [document.written.get((*path, n), "") for n in range(len(source.signing_keys))]
        variables = [name for text in written for name in ([text] if is_mounted(text) else names_in(text))]
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


def _strength_doubts(name: str, source: Source, document: Document) -> list[Problem]:
    scheme, found = source.scheme, []
    at: Path = ("sources", name, "signature" if source.signature else "preset")

    def warn(message: str, hint: str, *path: str) -> None:
        found.append(document.problem(message, path=("sources", name, *path) if path else at, hint=hint))

    once = "one event is still delivered once; to tell events apart by the sender's own id, name it under key"
    if scheme.proof == "none":
        warn("whoever knows this address can send events: nothing is verified", "let a proxy in front of it verify")
    elif scheme.proof == "token":
        place = (
            "the query is in the logs of every proxy" if scheme.query else "whoever reads one request can send others"
        )
        warn(
            f"the sender shows a fixed token and signs nothing: {place}", "choose a signature where the sender has one"
        )
    elif scheme.timestamp is None:
        warn("no time is signed: a recorded request can be sent again for ever", once)
    if scheme.proof == "hmac" and scheme.algorithm == "sha1":
        warn("requests are signed with sha1, which is out of date", "choose sha256 where the sender has it")
    if source.allow_unsigned and not scheme.is_weak:
        warn("allow_unsigned has no use here: requests are signed", "remove it", "allow_unsigned")
    if "tolerance" in source.model_fields_set and (scheme.is_weak or scheme.timestamp is None):
        warn("this has no use: no time is signed", "remove it", "tolerance")
    elif source.tolerance.past > LONG_PAST_S:
        message = "requests this old are accepted: a recorded one can be sent again for that long"
        warn(message, "10m is enough for the sender's retries", "tolerance", "past")
    return found
