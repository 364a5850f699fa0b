"""Story: what the visitors of one campaign say, made from a seed; and how the platform spells it, in several ways."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.processes import LEAD

RE_SENT, REVISED, APPOINTED, FORGED = 0.3, 0.3, 0.6, 0.05  # how many of the visitors have that


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that the platform says of a visitor. `mark` stands in its content: the same for all it says under one
    key; with a phone it is that key's revision.
    """

    visitor: int
    mark: str
    kind: str  # Lead or Appointment
    phone: str = ""
    forged: bool = False

    def body(self, random: Random) -> dict[str, Any]:
        """The vendor's object, in one of the ways in which the same may be spelled."""
        said = LEAD | {
            "Type": self.kind,
            "FirstName": "Vi",
            "LastName": f"Sitor{self.visitor}",
            "Email": random.choice(("visitor{}@example.com", "Visitor{}@Example.com")).format(self.visitor),
            "PhoneNumber": self.phone,
            "CreateTime": f"2026-11-25T10:{30 if self.kind == 'Lead' else 40}:00" + random.choice(("Z", ".500000Z")),
            "Content": self.mark,
            "SessionID": random.choice((self.visitor, str(self.visitor))),
        }
        if random.random() < 0.3:
            said["Name"] = f"{said.pop('FirstName')}  {said.pop('LastName')}"
        return dict(random.sample(list(said.items()), len(said)))


@dataclass(frozen=True, slots=True)
class Post:
    """One request: a fact, or several in an array."""

    facts: tuple[Fact, ...]
    array: bool = False


def story(seed: int, visitor: int) -> list[Post]:
    """What is posted of one visitor, in order: a lead, perhaps again, with a phone, an appointment, the whole day."""
    random = Random(f"{seed} {visitor}")
    lead = Fact(visitor, f"lead-{seed}-{visitor}", "Lead")
    posts = [Post((lead,))]
    if random.random() < FORGED:
        posts.append(Post((Fact(visitor, f"forged-{seed}-{visitor}", "Lead", forged=True),)))
    if random.random() < RE_SENT:
        posts.append(Post((lead,)))
    if random.random() < REVISED:
        posts.append(Post((Fact(visitor, lead.mark, "Lead", phone=f"+1212555{visitor % 10_000:04}"),)))
    if random.random() < APPOINTED:
        posts.append(Post((Fact(visitor, f"appointment-{seed}-{visitor}", "Appointment"),)))
    if random.random() < RE_SENT:
        posts.append(Post(tuple(_facts(posts)), array=True))
    return posts


def _facts(posts: list[Post]) -> Iterator[Fact]:
    return (fact for post in posts for fact in post.facts if not fact.forged)
