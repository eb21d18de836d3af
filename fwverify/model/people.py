"""Whether two names may be those of one person: who asked and who agreed, who confirmed a key over which channel. Pure.

Where two people are asked for, a name written twice in two ways must not count as two. So a name is compared without
capitals, blanks, dots, accents and characters that nobody sees, in compatibility form (Unicode Standard Annex #15,
NFKD), and with those Cyrillic and Greek letters as Latin ones that look like them (a few dozen of the confusables of
Unicode Technical Standard #39; read 2026-11-23). Names that come out alike count once.

Does NOT know nicknames or marriages; two people of one name must be written so that they differ.
"""

from __future__ import annotations

import unicodedata

_ALIKE = str.maketrans(
    "АВЕЅІЈКМНОРСТУХЬԌԚԜаеіјкорсѕухԁһӏԛԝьΑΒΕΖΗΙΚΜΝΟΡΤΥΧαγικνορτυχωıłŁøØ",
    "ABESIJKMHOPCTYXbGQWaeijkopcsyxdhlqwbABEZHIKMNOPTYXayikvoptuxwilLoO",
)
"""Letters of other scripts -> the Latin ones that they look like."""


def person(name: str) -> str:
    """A name as it is compared with others; empty for one without letters and digits."""
    plain = unicodedata.normalize("NFKD", name).translate(_ALIKE).casefold()
    return "".join(one for one in unicodedata.normalize("NFKD", plain) if one.isalnum())
