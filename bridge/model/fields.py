"""Fields: where a source's payload holds what an event says, as data. What reads a payload by it is core/declared."""

from dataclasses import dataclass, field

Path = tuple[str, ...]  # the way to a value: names of keys, or positions in a list

# What an event says, besides its kind: the words that `fields` of a source may give paths for.
TEXTS = (
    "chatbot_id",
    "session_id",
    "first_name",
    "last_name",
    "name",
    "email",
    "phone",
    "content",
    "page_url",
    "created_at",
)


@dataclass(frozen=True, slots=True)
class KindOf:
    """The kind of each event: the one that `values` has for what stands at `path`; without a path, `always`."""

    always: str = "lead"
    path: Path = ()
    values: dict[str, str] = field(default_factory=dict)  # lower case -> kind; "*": of any other word


@dataclass(frozen=True, slots=True)
class Fields:
    """Where things stand in one event's object. Of several paths, the first that says something counts."""

    texts: dict[str, tuple[Path, ...]]  # one of TEXTS -> paths
    kind: KindOf = KindOf()
    events: Path = ()  # the list that holds the events; empty: the body is one, or a list of them


@dataclass(frozen=True, slots=True)
class Challenge:
    """How the source asks whether this address is ours, and how it is answered.

    With `query`: a GET whose parameter of that name is sent back, if its parameter `token_query` holds the token.
    With `echo`: a signed POST whose field of that path is sent back, if `when` holds.
    """

    query: str = ""
    token_query: str = ""
    token: bytes = field(default=b"", repr=False)
    echo: Path = ()
    when: dict[str, str] = field(default_factory=dict)  # top-level field -> its text
    as_json: bool = False  # {"<last step of echo>": …} instead of plain text
