"""Signs that an SBOM describes what the image was built from, not what lies in it.

CycloneDX 1.5 and later `metadata.lifecycles` (design, pre-build, build, post-build...), CISA "Types of SBOM documents"
(April 2023: design, source, build, analyzed, deployed), package URL qualifiers; read 2026-11-22. Pure. Does NOT decide
that such a document is wrong: only absences in it mean less.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fwverify.model.component import DeclaredComponent

BEFORE_BUILD = frozenset({"design", "pre-build", "source"})
AFTER_BUILD = frozenset({"build", "post-build", "operations", "discovery", "analyzed", "deployed", "runtime"})
_HOSTS = ("pkg:github/", "pkg:gitlab/", "pkg:bitbucket/", "pkg:sourceforge/")
_SOURCE_FILES = (
    ".c", ".cc", ".cpp", ".cxx", ".h", ".hpp", ".rs", ".go", ".java", ".kt", ".bb", ".bbappend", ".mk", ".patch",
    "package-lock.json", "package.json", "go.sum", "go.mod", "cargo.lock", "cargo.toml", "requirements.txt", "pom.xml",
    "poetry.lock", "yarn.lock", "conanfile.txt", "conan.lock", "cmakelists.txt", "makefile",
)  # fmt: skip
_QUALIFIERS = ("arch=source", "arch=src", "vcs_url=")
_LEAST = 3
"""Entries with such a sign, at least, and at least half of all: a single source archive says nothing."""


def describes_source(phases: Iterable[str], components: Sequence[DeclaredComponent]) -> str:
    """Why the document describes a source tree; empty where nothing says so.

    1. Phases that it states decide, where it states any.
    2. Else at least half of its entries must point into a source tree.
    """
    stated = {one.lower() for one in phases}
    if stated & AFTER_BUILD:
        return ""
    if stated & BEFORE_BUILD:
        return f"it says that it was made in the phase {', '.join(sorted(stated & BEFORE_BUILD))}"
    signs = sum(map(_of_source, components))
    if signs >= _LEAST and 2 * signs >= len(components):
        return f"{signs} of its {len(components)} entries point into a source tree"
    return ""


def _of_source(one: DeclaredComponent) -> bool:
    purl = one.purl.lower()
    if purl.startswith(_HOSTS) or any(mark in purl for mark in _QUALIFIERS):
        return True
    return bool(one.paths) and all(path.lower().endswith(_SOURCE_FILES) for path in one.paths)
