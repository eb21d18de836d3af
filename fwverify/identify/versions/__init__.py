"""Version detectors as data: one YAML file a product (read by `identify.scan`).

    product      name, as formats.products has it
    finds        a list; each either
                   anchor + pattern   the literal is searched in one pass over all bytes; around a hit the regular
                                      expression with the group `version` must match
                   soname + bare      in a library whose SONAME starts so, the expression must match a whole
                                      NUL-terminated text (a look-ahead may exclude a tail)
                 and a confidence in percent
    positive     real texts with the version they show and where they were seen
    negative     texts that must not be taken for it, and why

Texts that quote another product's version (changelogs, user agents, requirements) are what the patterns are written
against; plain text files are not searched at all.
"""
