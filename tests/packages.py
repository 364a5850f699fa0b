"""Packages: what pip leaves of an installed package: its metadata, with its entry points, and perhaps its module."""

from pathlib import Path

CONNECTORS, SOURCES = "bridge.connectors", "bridge.sources"


def put(folder: Path, package: str, group: str, *entries: str, version: str = "1.0", source: str | None = None) -> str:
    """Puts a package with these entry points (`name = module:attribute`) into the folder; gives its module's name."""
    module = package.replace("-", "_")
    metadata = folder / f"{module}-{version}.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
    (metadata / "entry_points.txt").write_text("\n".join([f"[{group}]", *entries, ""]))
    if source is not None:
        (folder / f"{module}.py").write_text(source)
    return module
