"""Version detectors as data: one YAML file a product (read and checked by `identify.version_table`).
After a change: `python -m tests.make_versions`, which writes what a run reads.

    product      name, as formats.products has it (its other names: formats/product_names.txt)
    cpe          vendor:product of the CPE dictionary, where it has the product
    purl         package URL without version; pkg:generic/PRODUCT where none is given
    lives        `any` (when left out), or `firmware`: not in what a dynamic linker loads, which only quotes it
    library      `true`: other programs may hold a copy of it, which is then told as a part of theirs
    proven       the two real builds in which the finds gave the packages' own versions (measured by
                 benchmarks/prove_detectors.py), or `unproven`: then no confidence is above 60
    finds        a list; each has a confidence in percent and is one of
                   anchor + pattern   the text `anchor` is searched in one pass over all bytes; around a hit the
                                      expression must match
                     + with           and another text must be in the same content (a header that a program was built
                                      with is quoted without the library's other texts)
                     + soname         and the library's SONAME must begin so; two versions are then none
                   anchor + bare      where the anchor stands anywhere, the one text that is a version of that shape;
                   soname + bare      the same in a library whose SONAME begins so. A text ends with NUL, or where a
                                      look-ahead in the expression says; two versions of the shape are none
                   soname + file      the name of the library's file, for projects that name it by the release
                 `pattern` and `file` have a group `version`, or `v1`, `v2`... whose numbers make the version
    positive     real texts (or file names) with the version they show and where they were seen
    negative     what must not be taken for it, and why

What the patterns are written against: texts that quote another product's version (changelogs, user agents,
requirements, "built with"), and versions of bundled libraries beside the product's own. A build beside a quote was
looked at; "form of" was taken from the project's source. Plain text files are not searched at all.
"""
