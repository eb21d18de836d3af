"""Where the schemas of CycloneDX lie: as the cyclonedx package ships them, found without importing that package."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path


@cache
def schema_folder() -> Path | None:
    """None when the package is not installed."""
    spec = find_spec("cyclonedx")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations))) / "schema" / "_res"
    return folder if folder.is_dir() else None
