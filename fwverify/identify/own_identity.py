"""What a program or library may call itself: by its name, or by the package that it says it was built for.

Source: GNU libtool manual, "Release numbers"; identify/program_table.py; identify/supplement.py; read 2026-11-23. Does
NOT look for releases.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from fwverify.formats.products import canonical_product, known_products, only_library
from fwverify.identify.interface import Subject
from fwverify.identify.program_table import SHARED, product_of, programs, tool_of
from fwverify.identify.sonames import soname
from fwverify.identify.supplement import supplement

MIN_LETTERS = 3
_LIBRARY = re.compile(r"(?P<stem>[\w.+-]+?)(?:-(?P<number>[\d.]+))?\.so(?:\.[\d.]+)?", re.ASCII)
_PUBLIC = re.compile(r"(?:^|/)lib(?:32|64|x32)?(?:/[\w.]+-linux(?:-\w+)?)?/[^/]+$", re.ASCII)
"""Folders that every program's libraries are looked for in; what lies elsewhere is a part of its host."""
BUILT = re.compile(
    r"-(?:(\d{1,4}\.\d{1,4}\.\d{1,5})(?:-[\w.+~]+)?\.so(?:\.\d+)?|(\d{1,4}\.[1-9]\d{0,3})(?:-system)?\.so)$", re.ASCII
)
"""GNU libtool manual, "Release numbers": `-release` writes the release of the package into the SONAME. Two numbers are
its series as often (libxerces-c-3.2.so)."""
_PUNCTUATION = re.compile(r"[-_.+]")
_PROGRAM = re.compile(r"[A-Za-z][\w+-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Own:
    """What a file may call itself."""

    product: str
    names: tuple[str, ...]
    library: bool
    whole: bool
    """The file is called like its product, not like a part of it."""
    same: bool
    """A program whose file has its product's very name."""
    listed: bool
    """A program that identify/program_names.txt lists."""
    number: str
    """Of the library's interface, in its SONAME (`3.0` of libguile-3.0.so.1)."""
    packaged: bool = False
    """It says which package it was built for, and that is its product's."""
    stem: str = ""
    """Of the library's name, without `lib` and number."""
    plug_in: bool = False
    """Its name is neither a library's nor a program's."""

    @property
    def known(self) -> bool:
        return self.product in known_products()


def own_of(subject: Subject) -> Own | None:
    """By its name; by the package it says it was built for, where that tells more. None: neither tells a product."""
    own = _by_name(subject)
    product = supplement(subject)[0] or ("" if own and (own.library or own.known) else _tool(subject))
    if not product:
        return own
    if own and (own.product == product or (own.known and own.same)):
        return replace(own, packaged=own.product == product)
    file = subject.artifact.name.rpartition("/")[2]
    names = {product, product.removeprefix("lib")} | ({file} if own and not own.library else set())
    kept = tuple(sorted(one for one in names if len(one) >= MIN_LETTERS and one[0].isalnum()))
    library, number = (own.library, own.number) if own else (False, "")
    return Own(product, kept, library, False, False, False, number, packaged=True, plug_in=own is None)


def _tool(subject: Subject) -> str:
    return tool_of(subject.artifact.name.rpartition("/")[2], subject.artifact.content)[0]


def _by_name(subject: Subject) -> Own | None:
    """None where the file has no name that can be a product's."""
    library, file = soname(subject), subject.artifact.name.rpartition("/")[2]
    if library:
        found = _LIBRARY.fullmatch(library)
        product = canonical_product(BUILT.sub(".so", library))
        if found is None or not library.startswith("lib"):
            return None
        private = not _PUBLIC.search(subject.artifact.name)
        loose = library.endswith(".so") and not BUILT.search(library)
        if private and (loose or product not in known_products() or _of_another(library, product, subject)):
            return None  # a plug-in: part of its host
        stem, number = found["stem"], found["number"] or ""
    elif _PROGRAM.fullmatch(file := _alternative(file)) and file not in SHARED:
        product, stem, number = product_of(file), file, ""
    else:
        return None
    return _called(product, stem, number, library=bool(library))


def _alternative(file: str) -> str:
    """The product of `lzip.clzip`: one of several programs that take each other's place (update-alternatives)."""
    last = file.rpartition(".")[2]
    return last if len(last) > MIN_LETTERS and canonical_product(last) == last and last in known_products() else file


def _of_another(library: str, product: str, subject: Subject) -> bool:
    """The SONAME holds its host's release, and the host is another project (htdig/libfuzzy-3.2.0.so)."""
    return BUILT.search(library) is not None and product not in subject.artifact.name.rpartition("/")[0]


def _called(product: str, stem: str, number: str, *, library: bool) -> Own | None:
    bare = stem.lower().removeprefix("lib")
    bares = {bare, re.sub(r"[-\d.]+$", "", bare)}
    whole = not bares.isdisjoint({product.removeprefix("lib"), product.removeprefix("lib").rstrip("0123456789")})
    whole = whole or canonical_product(bare) == product or _PUNCTUATION.sub("", bare) == _PUNCTUATION.sub("", product)
    whole = whole or (library and _is_the_library(product, stem.lower().replace("_", "-")))
    same = (
        not library and {bare, bare.replace("_", "-")} & {product, product + "d", product.rstrip("0123456789")} != set()
    )
    listed = not library and stem in programs()
    names = {product, product.removeprefix("lib")} | ({stem, stem.removeprefix("lib")} if whole or same else set())
    names |= {product.removeprefix("lua-")} if library else set()
    kept = tuple(sorted(one for one in names if len(one) >= MIN_LETTERS and one[0].isalnum()))
    return Own(product, kept, library, whole or same, same, listed, number, stem=bare) if kept or same else None


def _is_the_library(product: str, stem: str) -> bool:
    """The only one of a product that is called otherwise (libmagic of file), and no part of it (libgphoto2_port)."""
    return only_library(product) == stem and not stem.startswith(("lib" + product, product))
