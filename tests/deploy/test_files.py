"""The files for hosts say what the Procfile says, and are what their hosts read."""

import configparser
import http.server
import json
import re
import shlex
import subprocess
import sys
import threading
import tomllib
from typing import Any

import pytest
import yaml

from bridge.wiring.environment import GRACE_S
from tests.deploy.heroku import ROOT, processes
from tests.processes import free_port

PROCFILE = processes((ROOT / "Procfile").read_text())
ONE = processes((ROOT / "deploy" / "Procfile.one-dyno").read_text())["web"]
HOST_S = 30


def read(name: str) -> str:
    return (ROOT / "deploy" / name).read_text()


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


# app.json, after https://devcenter.heroku.com/articles/app-json-schema (3 December 2024)

APP_KEYS = {
    "name", "description", "keywords", "website", "repository", "logo", "success_url", "scripts", "env", "formation",
    "addons", "buildpacks", "environments", "stack", "image",
}  # fmt: skip
VARIABLE_KEYS = {"description", "value", "required", "generator"}
SIZES = {"eco", "basic", "standard-1x", "standard-2x", "performance-m", "performance-l"}


@pytest.fixture
def app() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "app.json").read_text())
    return found


def test_app_json_holds_what_its_schema_knows(app: dict[str, Any]) -> None:
    assert set(app) <= APP_KEYS
    assert re.fullmatch(r"[a-z][a-z0-9-]{2,29}", app["name"])
    assert all(isinstance(word, str) for word in app["keywords"])
    for name, variable in app["env"].items():
        assert re.fullmatch(r"[A-Z][A-Z0-9_]*", name)
        assert set(variable) <= VARIABLE_KEYS, name
        assert variable["description"]
        assert isinstance(variable["required"], bool)
        assert isinstance(variable.get("value", ""), str)


def test_app_json_starts_the_procfiles_processes_on_a_postgres(app: dict[str, Any]) -> None:
    assert {"web", "worker"} == set(app["formation"]) == set(PROCFILE) - {"release"}
    assert all(set(each) == {"quantity", "size"} and each["size"] in SIZES for each in app["formation"].values())
    assert [{"plan": "heroku-postgresql:essential-0"}] == app["addons"]
    assert [{"url": "heroku/python"}] == app["buildpacks"]


def test_app_json_asks_for_what_the_configuration_that_it_names_reads(app: dict[str, Any]) -> None:
    config = (ROOT / app["env"]["BRIDGE_CONFIG"]["value"]).read_text()
    live = "\n".join(line.partition(" #")[0] for line in config.splitlines() if not line.lstrip().startswith("#"))
    named = set(re.findall(r"\$\{([A-Z_]+)", live))

    assert named == set(app["env"]) - {"BRIDGE_CONFIG", "BRIDGE_LOG"}
    assert not app["env"]["SMARTERBOT_SIGNING_KEY"]["required"]  # the platform makes it later


# what the buildpack looks for


def test_the_buildpack_finds_one_list_of_packages_and_the_python_that_is_tested() -> None:
    others = ("Pipfile", "Pipfile.lock", "poetry.lock", "uv.lock", "pdm.lock", "runtime.txt", "setup.py")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())

    assert [] == [name for name in others if (ROOT / name).exists()]
    assert "3.11" == (ROOT / ".python-version").read_text().strip()
    assert ">=3.11" == project["project"]["requires-python"]
    assert {"bridge": "bridge.__main__:main"} == project["project"]["scripts"]


# the others


def test_render() -> None:
    blueprint = yaml.safe_load(read("render.yaml"))
    services = {service["type"]: service for service in blueprint["services"]}

    assert {kind: PROCFILE[kind] for kind in ("web", "worker")} == {
        kind: service["startCommand"] for kind, service in services.items()
    }
    assert PROCFILE["release"] == services["web"]["preDeployCommand"]
    assert {"pip install -r requirements.txt"} == {service["buildCommand"] for service in services.values()}
    databases = {database["name"] for database in blueprint["databases"]}
    for service in services.values():
        variables = {variable["key"]: variable for variable in service["envVars"]}
        assert variables["DATABASE_URL"]["fromDatabase"]["name"] in databases
        assert HOST_S == service["maxShutdownDelaySeconds"]


def test_fly() -> None:
    app = tomllib.loads(read("fly.toml"))

    assert PROCFILE == {"release": app["deploy"]["release_command"]} | app["processes"]
    assert ["web"] == app["http_service"]["processes"]
    assert int(app["env"]["PORT"]) == app["http_service"]["internal_port"]
    assert (ROOT / app["build"]["dockerfile"]).exists()
    assert ("SIGTERM", HOST_S) == (app["kill_signal"], seconds(app["kill_timeout"]))


def test_compose() -> None:
    services = yaml.safe_load(read("compose.yaml"))["services"]

    assert PROCFILE == {name: shlex.join(services[name]["command"]) for name in PROCFILE}
    for name in PROCFILE:
        assert HOST_S == seconds(services[name]["stop_grace_period"])
        assert (ROOT / "deploy" / services[name]["build"]["context"] / services[name]["build"]["dockerfile"]).exists()
    assert all(services[name]["healthcheck"]["disable"] for name in ("release", "worker"))  # they have no port


def test_systemd() -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(read("bridge.service"))
    service = unit["Service"]

    program, *arguments = shlex.split(service["ExecStart"])
    assert program.endswith("/bin/bridge")
    assert ONE == shlex.join(["bridge", *arguments[:1]])
    assert int(service["TimeoutStopSec"]) >= GRACE_S + 5
    assert f"sqlite:////var/lib/{service['StateDirectory']}/" in service["Environment"]


def test_one_process_for_all_is_the_images_default() -> None:
    command = re.search(r"^CMD (\[.*\])$", read("Dockerfile"), re.MULTILINE)

    assert command
    assert ONE == shlex.join(json.loads(command[1])) == "bridge serve"


def test_the_image_needs_no_root_and_gets_all_that_is_installed() -> None:
    lines = read("Dockerfile").splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = {"pyproject.toml", "requirements.txt", "constraints.txt", project["project"]["readme"], "LICENSE"}
    needed |= set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])

    assert lines.index("USER bridge") < next(at for at, line in enumerate(lines) if line.startswith("CMD"))
    assert f"FROM python:{(ROOT / '.python-version').read_text().strip()}-slim" in lines
    assert needed <= set(re.findall(r"^!(.+)$", read("Dockerfile.dockerignore"), re.MULTILINE))


class _Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


def test_the_images_health_check_tells_life_from_death() -> None:
    found = re.search(r"^HEALTHCHECK .*? CMD (\[.*?\])$", read("Dockerfile").replace("\\\n", ""), re.MULTILINE)
    assert found
    python, *arguments = json.loads(found[1])
    assert "python" == python

    def code(port: int) -> int:
        command = [sys.executable, *arguments]
        return subprocess.run(command, env={"PORT": str(port)}, stderr=subprocess.DEVNULL, timeout=30).returncode

    with http.server.HTTPServer(("127.0.0.1", 0), _Healthy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        alive = code(server.server_port)
        server.shutdown()
        thread.join()

    assert (0, 1) == (alive, code(free_port()))
