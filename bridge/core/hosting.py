"""Hosting: what a host says of itself in its environment, and what follows for the database. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import PurePath

POSTGRES = "use Postgres and set DATABASE_URL to its address"
OVERRIDE = "BRIDGE_ALLOW_EPHEMERAL_SQLITE"

VANISHING = ("overlay", "tmpfs", "ramfs", "aufs", "fuse.fuse-overlayfs")
_OWN_MOUNTS = {"/", "/tmp", "/opt/render", "/opt/render/project", "/opt/render/project/src"}  # noqa: S108  a host's own
_OWN_NETWORK = (".internal", ".flycast")  # Railway's and Fly's: encrypted by the host, often without TLS inside


@dataclass(frozen=True, slots=True)
class Host:
    """A host whose machines come and go."""

    name: str
    signs: tuple[str, ...]  # variables, any of which it sets
    postgres: str  # how one gets a database there
    volume: str = ""  # how one gets a disk that stays; empty: there is none for SQLite


HOSTS = (
    Host("Heroku", ("DYNO",), "`heroku addons:create heroku-postgresql:essential-0` makes one and sets DATABASE_URL"),
    Host("Render", ("RENDER",), POSTGRES, "add a disk to the service and put the file on it"),
    Host("Fly.io", ("FLY_APP_NAME",), POSTGRES, "`fly volumes create data` and [mounts] in fly.toml, the file on it"),
    Host("Railway", ("RAILWAY_ENVIRONMENT_ID", "RAILWAY_ENVIRONMENT", "RAILWAY_PROJECT_ID", "RAILWAY_SERVICE_ID"),
         POSTGRES, "add a volume to the service and put the file on it"),
    Host("Cloud Run", ("K_SERVICE",), POSTGRES),
    Host("Cloud Foundry", ("VCAP_APPLICATION",), POSTGRES),
    Host("Koyeb", ("KOYEB_APP_NAME",), POSTGRES, "add a volume to the service and put the file on it"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Location:
    """Where the database's file lies."""

    path: str
    mount: str  # where its file system is mounted; empty where that cannot be told
    kind: str  # of the file system, such as ext4
    main: bool = False  # whether this process is the one that its container was started for


def host_of(environment: Mapping[str, str]) -> Host | None:
    """The host whose signs the environment bears; None for a machine of one's own."""
    return next((host for host in HOSTS if any(environment.get(sign) for sign in host.signs)), None)


def needs_tls(environment: Mapping[str, str], address: str) -> bool:
    """Whether a way to Postgres that names no `sslmode` is to be encrypted: on a known host, unless the address is a
    socket, this machine, or in the host's own network.
    """
    if host_of(environment) is None or environment.get("PGSSLMODE"):
        return False
    name = (address or environment.get("PGHOST", "")).lower().rstrip(".")
    if not name or name.startswith(("/", "@")) or name == "localhost" or name.endswith((".localhost", *_OWN_NETWORK)):
        return False
    if name.startswith("dpg-") and "." not in name:
        return False  # Render's
    try:
        return not ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return True


def refusal(environment: Mapping[str, str], location: Location, *, alone: bool) -> str | None:
    """Why the bridge must not start on this file, and what to do; None where it may. An operator may allow a file that
    is lost, but not one that is not shared. Raises ValueError for a permission that is neither yes nor no.
    """
    why_not, allowed = why_not_sqlite(environment, location, alone=alone), is_allowed(environment)
    if why_not is None or (allowed and alone):
        return None
    return f"{why_not}. {OVERRIDE}=1 starts even so" if alone else why_not


def may_be_lost(environment: Mapping[str, str], location: Location) -> bool:
    """Whether a bridge that starts all the same is to warn."""
    if why_not_sqlite(environment, location, alone=True) is not None:
        return True
    return location.kind in VANISHING and not is_allowed(environment)


def why_not_sqlite(environment: Mapping[str, str], location: Location, *, alone: bool) -> str | None:
    """Why events on this file would be lost, and what to do; None where they are kept, or nothing says otherwise.
    `alone`: this process shares the file with no other that it did not start.
    """
    host = host_of(environment)
    if host is None:
        if location.main and location.kind in VANISHING:
            return (
                f"{location.path} lies on the container's own {location.kind}, which goes with the container: mount a"
                f" volume there, such as `docker run -v bridge:{PurePath(location.path).parent}`, or {POSTGRES}"
            )
        return None
    if not alone:
        return (
            f"on {host.name}, processes that are started apart have no disk in common: with SQLite, what `bridge web`"
            f" stores no `bridge worker` would ever see. Run `bridge serve` instead, or {_fix(host)}"
        )
    if _is_kept(environment, host, location):
        return None
    return f"{location.path} would be lost when {host.name} restarts this machine, events and all: {_fix(host)}"


def is_allowed(environment: Mapping[str, str]) -> bool:
    """Whether the operator wants to go on even so. Raises ValueError for what is neither yes nor no."""
    text = environment.get(OVERRIDE, "").strip()
    if text not in ("", "0", "1"):
        raise ValueError(f"{OVERRIDE} is {text!r}: it must be 1, or unset")
    return text == "1"


def _is_kept(environment: Mapping[str, str], host: Host, location: Location) -> bool:
    """Whether the file lies on a disk that outlives the machine."""
    if not host.volume or location.kind in VANISHING:
        return False
    if named := environment.get("RAILWAY_VOLUME_MOUNT_PATH"):
        return PurePath(location.path).is_relative_to(named)
    return bool(location.mount) and location.mount not in _OWN_MOUNTS


def _fix(host: Host) -> str:
    postgres = f"use Postgres: {host.postgres}" if host.postgres is not POSTGRES else host.postgres
    return f"{postgres}; or, for one machine, {host.volume}" if host.volume else postgres
