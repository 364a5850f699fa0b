"""Identity: which event is this, is it news, whom is it about? See docs/journey.md, "Identity".

All hashes are keyed with a salt that never leaves the database, so that neither a key nor a person can be turned
back into an email by trying all of them.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from bridge.core.text import one_case, same_page, same_phone, squeezed
from bridge.model.event import CONTENT_FIELDS, Event
from bridge.model.nobody import is_blank, is_nobodys_email, is_nobodys_number, is_nobodys_session

# One way to recognise a person: a hash, and its rank. A higher rank decides first: email 2, phone 1, session 0. A plain
# tuple, so that it goes to another process as it is.
Alias = tuple[str, int]

_PARTS = ("first_name", "last_name")
_NAMES = {"name", *_PARTS}


class Known(NamedTuple):
    """What an alias is known to stand for: a person, and the highest rank that person was recognised by."""

    person: str
    rank: int


def key_of(event: Event, *, region: str, salt: bytes) -> str:
    """The natural identity, the same however often and in whatever spelling the event comes.

    What the source's `key` fields say, where it has some. Else session and `created_at`, which counts in whole seconds:
    the platform's list has another precision than its push. Without a session or a time, the content itself.
    """
    if event.natural:
        return keyed_hash(salt, "natural", event.source, event.chatbot_id, event.kind, *event.natural)
    session = _session(event)
    parts = [event.source, event.chatbot_id, event.kind, session, _second(event)]
    if not (session and event.created_at):
        parts += [text for name, text in content_of(event, region=region).items() if name not in _PARTS]
    return keyed_hash(salt, "key", *parts)


def content_of(event: Event, *, region: str) -> dict[str, str]:
    """The fields that can be news, each in the form in which two spellings of the same are equal. A name stands there
    whole and in its two parts, since whoever says one part says nothing of the other.
    """
    return {
        "name": _name(event),
        "first_name": squeezed(event.first_name),
        "last_name": squeezed(event.last_name),
        "email": one_case(event.email),
        "phone": same_phone(event.phone, region) or event.phone,
        "content": squeezed(event.content),
        "page_url": same_page(event.page_url),
    }


def digests_of(content: dict[str, str], *, salt: bytes) -> dict[str, str]:
    """A short keyed hash for each field that says something: what is left for comparing when payloads are purged."""
    return {name: keyed_hash(salt, "field", name, text)[:16] for name, text in content.items() if text}


def adds_nothing(news: dict[str, str], known: Iterable[dict[str, str]]) -> bool:
    """Whether some known revision already says all of it: an absent or empty field never says anything."""
    return any(_says_all(old, news) for old in known)


def _says_all(old: dict[str, str], news: dict[str, str]) -> bool:
    if any(old.get(name) != news[name] for name in news.keys() - _NAMES):
        return False
    whole = news.get("name") == old.get("name")  # however it is divided
    return whole or all(old.get(part) == news[part] for part in _PARTS if part in news)


def telling(event: Event) -> Event:
    """The event without what tells nothing: blank signs, masked texts, and what many strangers say for want of an
    address or a number.
    """
    nothing = {name for name in CONTENT_FIELDS if is_blank(getattr(event, name))}
    if is_nobodys_email(event.email):
        nothing.add("email")
    if is_nobodys_number(event.phone):
        nothing.add("phone")
    said: dict[str, Any] = {name: "" for name in nothing if getattr(event, name)}
    return replace(event, **said) if said else event


def merged(newer: Event, older: Event) -> Event:
    """The newer event, with what only the older one said: a revision carries everything that is known."""
    gaps = {name: getattr(older, name) for name in CONTENT_FIELDS if not getattr(newer, name)}
    if gaps.keys() & _PARTS and _name(newer) == _name(older):  # in one part here, and perhaps in two there
        gaps |= {part: getattr(older if older.first_name and older.last_name else newer, part) for part in _PARTS}
    else:  # what the newer one says in one part, with more, leaves nothing for the other
        gaps = {
            name: text
            for name, text in gaps.items()
            if name not in _PARTS or not set(squeezed(text).split()) <= _words(newer)
        }
    return replace(newer, **gaps)


def without_known_name(newer: Event, older: Event) -> Event:
    """The newer event without a name that the older one has, and perhaps more of it: `Ann` after `Ann Lee`."""
    return replace(newer, first_name="", last_name="") if _words(newer) < _words(older) else newer


def _words(event: Event) -> set[str]:
    return set(_name(event).split())


def _name(event: Event) -> str:
    """Whole, and the same however it is divided."""
    return squeezed(f"{event.first_name} {event.last_name}")


def aliases_of(event: Event, *, region: str, salt: bytes) -> tuple[Alias, ...]:
    """The ways to recognise the event's person, best first; empty for an event without any. What many strangers say,
    such as 0000000000, a masked address or session 0, recognises nobody.
    """
    aliases = []
    if (email := one_case(event.email)) and not is_nobodys_email(email):
        aliases.append((keyed_hash(salt, "email", email), 2))
    if (phone := same_phone(event.phone, region)) and not is_nobodys_number(event.phone):
        aliases.append((keyed_hash(salt, "phone", phone), 1))
    if session := _session(event):
        aliases.append((keyed_hash(salt, "session", event.source, event.chatbot_id, session), 0))
    return tuple(aliases)


def person_of(aliases: tuple[Alias, ...], known: dict[str, Known], *, key: str) -> str:
    """Whom an event with these aliases is about; an event without any is its own person.

    The best alias decides if it was seen before. If not, a lesser one may: a phone or session seen with an email
    is that person's, and a person known by less so far is recognised anew (a session that now leaves its email). Never
    does a second email, or a second phone, join somebody who already has one.
    """
    if not aliases:
        return keyed_hash(b"", "own", key)
    best, rank = aliases[0]
    if best in known:
        return known[best].person
    for hash_, _ in aliases[1:]:
        found = known.get(hash_)
        if found and found.rank != rank and (rank < 2 or found.rank < 2):
            return found.person
    return best


def keyed_hash(salt: bytes, *parts: str) -> str:
    """32 hex digits. The parts are kept apart, so that moving a letter from one to the next changes the hash."""
    data = "".join([f"{len(part)}:{part}" for part in parts]).encode("utf-8", "replace")
    return hashlib.blake2b(data, digest_size=16, key=salt).hexdigest()


def _session(event: Event) -> str:
    return "" if is_nobodys_session(event.session_id) else event.session_id


def _second(event: Event) -> str:
    # Cut first: a float of seconds rounds the last microseconds of a distant year up.
    return str(int(event.created_at.replace(microsecond=0).timestamp())) if event.created_at else ""
