"""What a host installs: names and versions from wherever it gets packages, and all that runs there needs."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.deploy.heroku import ROOT

OURS = ("bridge", "connectors")
PIN = re.compile(r"([a-z0-9.-]+)==(\S+)( ; .+)?")


def plain(name: str) -> str:
    """A distribution's name as all its spellings have it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def main_dependencies() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = [re.match(r"[A-Za-z0-9._-]+", line) for line in project["dependencies"]]
    return {plain(match[0]) for match in found if match}


def imported(source: str) -> set[str]:
    """The top packages that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_the_requirements_are_this_project_under_its_pins() -> None:
    assert ["-c constraints.txt", "."] == (ROOT / "requirements.txt").read_text().split("\n")[:2]


@pytest.mark.parametrize("name", ["requirements.txt", "constraints.txt", "pyproject.toml"])
def test_no_list_of_packages_says_where_to_get_them(name: str) -> None:
    text = (ROOT / name).read_text()

    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host|\bgit\+|@ file|\[tool\.uv", text)


def test_each_pin_is_a_name_and_a_version() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    names = [match[1] if (match := PIN.fullmatch(line)) else line for line in lines]

    assert names == [plain(name) for name in names]
    assert len(names) == len(set(names))
    assert main_dependencies() <= set(names)


def test_all_that_is_imported_is_a_main_dependency() -> None:
    files = [path for folder in OURS for path in (ROOT / folder).rglob("*.py") if "testing" not in path.parts]
    names = {name for path in files for name in imported(path.read_text())} - {*OURS, *sys.stdlib_module_names}
    homes = packages_distributions()

    missing = {name for name in names if not {plain(home) for home in homes.get(name, [])} & main_dependencies()}
    assert set() == missing
    assert {"flask", "sqlalchemy", "requests"} <= names  # the search finds what there is


def test_an_import_inside_a_function_counts(tmp_path: Path) -> None:
    assert {"one", "two"} == imported("def late():\n    import one.more\n    from two.more import x\nfrom . import y")
