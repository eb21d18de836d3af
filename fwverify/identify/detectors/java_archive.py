"""Java archives by what they say inside: Maven's properties and the manifest.

Apache Maven Archiver (`META-INF/maven/GROUP/ARTIFACT/pom.properties`), JAR File Specification of Java SE 21
(`Implementation-Title`, `Implementation-Version`), OSGi Core 8 (`Bundle-SymbolicName`, `Bundle-Version`); read
2026-11-22. The archive itself is opened by the zip reader. Maven's properties name the archive's own artifact and
those packed into it; a manifest speaks of the archive that it lies in, whose file name it is held against. A manifest
names no group, so its package URL has the one its names suggest, or none. Does NOT read class files; a package name is
no component.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.language_packages import DESCRIBED, INSTALLED, description, package
from fwverify.model.artifact import Artifact
from fwverify.model.component import Clue
from fwverify.model.plugin import Doc

NAME = "java-archive"
KIND = "maven"
MAX_CHARACTERS = 1 << 20
"""Of a manifest's main section: signed archives list every file behind it."""
_POM = re.compile(r"(?:^|/)META-INF/maven/([\w.-]+)/([\w.-]+)/pom\.properties$", re.ASCII)
_MANIFEST = re.compile(r"^META-INF/MANIFEST\.MF$")
_ARCHIVE = re.compile(r"([\w.+-]+?)(?:-v?(\d[\w.+]*(?:-[A-Z][\w.]*)?))?\.(?:jar|war|ear|rar)", re.ASCII)
_PROPERTY = re.compile(r"^[ \t]*(groupId|artifactId|version)[ \t]*[=:][ \t]*(\S{1,200})[ \t]*$", re.MULTILINE)
_FIELD = re.compile(r"^([A-Za-z0-9_-]{1,70}): ?(.*)$", re.MULTILINE)
_GROUP = re.compile(r"[a-z][\w-]*(?:\.[\w-]+)+", re.ASCII)
_QUALIFIER = re.compile(r"[.-](?:RELEASE|Final|GA)$")
_SNAPSHOT = re.compile(r"(?i)snapshot|\$\{")
VERSIONS = ("Implementation-Version", "Bundle-Version", "Specification-Version")
"""The last only where it is all there is, and then as no version: what is specified is not what was released."""


def find(subject: Subject) -> Iterator[Found]:
    """Yield what one file of an archive says."""
    name = subject.artifact.locator.steps[-1].member
    if (pom := _POM.search(name)) is not None:
        yield from _maven(subject, pom, description(subject))
    elif _MANIFEST.match(name):
        yield from _manifest(subject, _fields(description(subject)))


def _maven(subject: Subject, place: re.Match[str], text: str) -> Iterator[Clue]:
    stated = {hit[1]: hit[2] for hit in _PROPERTY.finditer(text[:MAX_CHARACTERS])}
    group, artifact = stated.get("groupId", place[1]), stated.get("artifactId", place[2])
    version = stated.get("version", "")
    if (group, artifact) == (place[1], place[2]) and version and not _SNAPSHOT.search(version):
        quote = f"{group}:{artifact}:{version}".encode()
        clue = package(subject, NAME, KIND, f"{group}/{artifact}", version, quote, INSTALLED, shown=artifact)
        if clue is not None:
            yield clue


def _fields(text: str) -> dict[str, str]:
    """The main section, its continued lines joined."""
    main = text[:MAX_CHARACTERS].replace("\r\n", "\n").replace("\r", "\n").partition("\n\n")[0]
    return {hit[1]: hit[2].strip() for hit in _FIELD.finditer(main.replace("\n ", ""))}


def _manifest(subject: Subject, fields: dict[str, str]) -> Iterator[Clue]:
    archive = _archive(subject.artifact)
    versions = [fields[one] for one in VERSIONS[:2] if fields.get(one)]
    named = archive[2] if archive else ""
    if archive is None or not versions:
        return
    version = next((one for one in versions if named and _same(one, named)), versions[0] if not named else "")
    if not version or _SNAPSHOT.search(version):
        return
    group = _group(fields, archive[1])
    quote = f"{fields.get('Implementation-Title') or fields.get('Bundle-SymbolicName', '')} {version} ({archive[0]})"
    whole = f"{group}/{archive[1]}" if group else archive[1]
    clue = package(subject, NAME, KIND, whole, version, quote.encode(), DESCRIBED, shown=archive[1])
    if clue is not None:
        yield clue


def _archive(artifact: Artifact) -> re.Match[str] | None:
    """The archive's own file name: what it is called and, mostly, its release."""
    if len(artifact.locator.steps) < 2:
        return None
    return _ARCHIVE.fullmatch(artifact.locator.steps[-2].member.rpartition("/")[2])


def _same(stated: str, named: str) -> bool:
    return _QUALIFIER.sub("", stated) == _QUALIFIER.sub("", named)


def _group(fields: dict[str, str], artifact: str) -> str:
    """What the manifest's names suggest: the vendor's id, or the symbolic name less the artifact's own part."""
    stated = fields.get("Implementation-Vendor-Id", "")
    if _GROUP.fullmatch(stated):
        return stated
    symbolic = fields.get("Bundle-SymbolicName", "").partition(";")[0].strip()
    parent = symbolic.rpartition(".")[0]
    return parent if _GROUP.fullmatch(symbolic) and _GROUP.fullmatch(parent) and artifact != symbolic else ""


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="Java archives",
        references=(
            "Apache Maven Archiver, read 2026-11-22",
            "JAR File Specification of Java SE 21, read 2026-11-22",
            "OSGi Core 8, read 2026-11-22",
        ),
        limitations=("An archive that says nothing of itself is not named.",),
    ),
)
