"""Source: the keys of one source in the configuration, each with its kind and bounds. Part of the schema.

What is wrong with it as a whole is told all at once, each at its place. How it signs stands in `signature`.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from bridge.config.fields import (
    FieldPath,
    Ignorable,
    Listed,
    OrText,
    PhoneRegion,
    PluginName,
    PresetName,
    PublicUrl,
    SigningKey,
    TimeZone,
    between,
    coerce_bool,
    faults,
    path_of,
    wrong,
)
from bridge.config.part import Part
from bridge.config.signature import Signature, scheme_of, signature_faults
from bridge.connector import Secret, Wrong
from bridge.core.presets import PRESETS
from bridge.model import fields as rules
from bridge.model.fields import TEXTS
from bridge.model.rules import SourceRule
from bridge.model.scheme import Scheme

_SOURCE = SourceRule(name="")
EventKind = Literal["lead", "appointment"]  # as `bridge.model.event.Kind`
Paths = Annotated[list[FieldPath], Listed]


def _distinct(value: list[str]) -> list[str]:
    for n, text in enumerate(value):
        if text.strip() and text in value[:n]:
            hint = f"it equals entry [{value.index(text)}]: remove one"
            raise wrong("the same signing key stands here twice", hint=hint, at=(n,))
    return value


def _kind_alone(value: Any) -> Any:
    return {"always": value} if isinstance(value, str) else value


class Tolerance(Part):
    """How old or how far ahead the time in a signature may be."""

    past: Annotated[float, BeforeValidator(between("1s", "30d"))] = Field(
        default=_SOURCE.past_s, description="how old a request may be"
    )
    future: Annotated[float, BeforeValidator(between("0s", "1d"))] = Field(
        default=_SOURCE.future_s, description="how far its time may be ahead of our clock"
    )


class KindOf(Part):
    """The kind of each event: one for all, or told by a field."""

    always: EventKind | None = Field(default=None, description="the kind of every event")
    path: FieldPath | None = Field(default=None, description="where the kind stands")
    values: dict[str, EventKind] = Field(default={}, description='the sender\'s words for a kind; "*" for every other')


class Fields(Part):
    """Where an event's object says what; of several paths the first that says something counts."""

    events: FieldPath | None = Field(
        default=None, description="where the list of events stands, if one request has several"
    )
    kind: Annotated[KindOf, OrText(_kind_alone)] = Field(default=KindOf(), description="which kind of event it is")
    chatbot_id: Paths = Field(default=[], description="where it stands; the first path that says something")
    session_id: Paths = Field(default=[], description="where it stands; the first path that says something")
    first_name: Paths = Field(default=[], description="where it stands; the first path that says something")
    last_name: Paths = Field(default=[], description="where it stands; the first path that says something")
    name: Paths = Field(default=[], description="where the full name stands, if first and last name do not")
    email: Paths = Field(default=[], description="where it stands; the first path that says something")
    phone: Paths = Field(default=[], description="where it stands; the first path that says something")
    content: Paths = Field(default=[], description="where it stands; the first path that says something")
    page_url: Paths = Field(default=[], description="where it stands; the first path that says something")
    created_at: Paths = Field(default=[], description="where it stands; the first path that says something")


class Challenge(Part):
    """What the sender asks to see whether the address is ours."""

    query: str | None = Field(default=None, description="the query parameter that is sent back")
    token_query: str | None = Field(
        default=None, description="the query parameter with the token that proves the sender"
    )
    token: Secret | None = Field(default=None, repr=False, description="that token")
    echo: FieldPath | None = Field(default=None, description="where in the JSON the text stands that is sent back")
    when: dict[str, str] = Field(default={}, description="what stands in the JSON of such a request")
    answer: Literal["text", "json"] | None = Field(default=None, description="as which it is sent back")


class Source(Part):
    preset: PresetName | None = Field(
        default=None,
        description="how the sender signs, as docs/sources.md lists it; newoaks, where nothing else is said",
    )
    signature: Signature | None = Field(default=None, description="how the sender signs, declared")
    plugin: PluginName | None = Field(default=None, description="a package's code that verifies instead")
    settings: Any = Field(default=None, repr=False, description="what the plugin declares")
    signing_keys: Annotated[list[SigningKey], AfterValidator(_distinct)] = Field(
        default=[], repr=False, description="any of them verifies a request"
    )
    tolerance: Tolerance = Field(default=Tolerance(), description="how old, or how far ahead, a request may be")
    allow_unsigned: Annotated[bool, BeforeValidator(coerce_bool)] = Field(
        default=False, description="true: a source that proves nothing, or little, is meant to"
    )
    public_url: PublicUrl | None = Field(
        default=None, description="this source's address as its sender writes it, where that is signed"
    )
    fields: Fields | None = Field(
        default=None, description="where the payload says what; left out: as the platform does"
    )
    key: Paths = Field(
        default=[], description="the fields that tell which event it is; left out: session and created_at"
    )
    chatbots: list[str] = Field(default=[], description="only these, by SerialNumber; empty: all")
    ignore_types: list[Ignorable] = Field(default=[], description="Types that are no leads")
    challenge: Challenge | None = Field(default=None, description="how the sender asks whether the address is ours")
    timezone: TimeZone | None = Field(default=None, description="for times without a zone; left out: that of defaults")
    phone_region: PhoneRegion | None = Field(
        default=None, description="for phones without a country code; left out: that of defaults"
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if found := faults_of_plugin(self) if self.plugin else faults_of(self):
            raise faults(found)
        return self

    @property
    def scheme(self) -> Scheme:
        return scheme_of(self.preset, self.signature)


def challenge_of(source: Source) -> rules.Challenge | None:
    """What the sender may ask; None where it is nothing, or where the token for it is not given."""
    preset = PRESETS[source.preset].challenge if source.preset else None
    said, known = source.challenge or Challenge(), preset or rules.Challenge()
    made = rules.Challenge(
        query=said.query or known.query,
        token_query=said.token_query or known.token_query,
        token=said.token.reveal().strip().encode("utf-8", "surrogatepass") if said.token else b"",
        echo=path_of(said.echo) if said.echo else known.echo,
        when=said.when or known.when,
        as_json=said.answer == "json" if said.answer else known.as_json,
    )
    if source.scheme.proof == "none" and not made.query:
        return None  # whatever it is, it would be sent back to anybody
    return made if made.echo or (made.query and made.token) else None


def faults_of(source: Source) -> list[Wrong]:
    """What in the source does not fit together."""
    found = signature_faults(source.preset, source.signature, source.signing_keys, public_url=source.public_url)
    if found:
        return found  # what follows would only repeat them
    if source.settings is not None:
        found.append(Wrong(("settings",), "settings belong to a plugin", "name it under plugin", in_key=True))
    if source.scheme.is_weak and not source.allow_unsigned:
        at = ("signature", "proof") if source.signature and source.signature.proof else ("preset",)
        hint = "if that is meant, write allow_unsigned: true beside it"
        found.append(
            Wrong(at, "nothing that is sent is signed: whoever learns the address or token can forge it", hint)
        )
    return found + _field_faults(source) + _challenge_faults(source)


def faults_of_plugin(source: Source) -> list[Wrong]:
    """What has no place beside `plugin`."""
    hint = "what the plugin needs stands under settings"
    said = source.model_fields_set & {"preset", "signature", "signing_keys", "allow_unsigned", "challenge", "tolerance"}
    return [
        Wrong((key,), f"'{key}' has no meaning beside plugin", hint, in_key=True) for key in sorted(said)
    ] + _field_faults(source)


def _field_faults(source: Source) -> list[Wrong]:
    fields = source.fields
    if fields is None:
        return []
    found: list[Wrong] = []
    kind = fields.kind
    if kind.always and kind.path:
        found.append(Wrong(("fields", "kind", "always"), "this cannot stand beside path", "keep one", in_key=True))
    if kind.values and not kind.path:
        found.append(Wrong(("fields", "kind"), "values need a path", "write path: the field that tells the kind"))
    if source.chatbots and not fields.chatbot_id:
        found.append(Wrong(("chatbots",), "no event would be of these chatbots", "give fields.chatbot_id a path"))
    if source.ignore_types and not kind.path:
        found.append(Wrong(("ignore_types",), "no event has a type to ignore", "give fields.kind a path"))
    if not any(getattr(fields, name) for name in TEXTS):
        message = "no field is declared: every event would be quarantined"
        found.append(Wrong(("fields",), message, f"give one of these a path: {', '.join(TEXTS)}", in_key=True))
    return found


def _challenge_faults(source: Source) -> list[Wrong]:
    if source.challenge is None:
        return []
    said, at = source.challenge, ("challenge",)
    preset = PRESETS[source.preset].challenge if source.preset else None
    query = said.query or (preset.query if preset else "")
    if query and said.echo:
        return [Wrong((*at, "echo"), "this cannot stand beside query", "keep one", in_key=True)]
    if query:
        needed = [name for name in ("token_query", "token") if not (getattr(said, name) or getattr(preset, name, ""))]
        hint = "only who knows it is answered"
        return [
            Wrong((*at, name), f"'{name}' is missing", f"add {name}: … here: {hint}", in_key=True) for name in needed
        ]
    if not said.echo and not (preset and preset.echo):
        return [
            Wrong(
                at, "'query' or 'echo' is missing", "what is sent back: a parameter of a GET, or a field", in_key=True
            )
        ]
    if source.scheme.proof == "none":
        return [Wrong(at, "nothing is sent back to a sender that proves nothing", "remove it", in_key=True)]
    return []
