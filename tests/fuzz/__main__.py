"""python -m tests.fuzz SCHEME [atheris options, such as -max_total_time=600]

Coverage-guided fuzzing of one scheme with atheris (pip install atheris). Seeds are the scheme's valid vector and
tests/fuzz/corpus/SCHEME; a crash is written to the working directory by atheris, and belongs into that folder, small,
once it is mended.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import mkdtemp


def main() -> None:
    try:
        import atheris
    except ImportError:
        sys.exit("atheris is not installed: pip install atheris")
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    with atheris.instrument_imports(include=["fwverify.formats", "fwverify.authenticate"]):
        from tests.fuzz.targets import targets
    name = sys.argv[1]
    target = next((one for one in targets() if one.name == name), None)
    if target is None:
        sys.exit(f"no scheme {name!r} with a valid vector; there are: {', '.join(one.name for one in targets())}")
    corpus = Path(mkdtemp(prefix=f"fuzz-{name}-"))
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    run = target.run
    atheris.Setup([sys.argv[0], *sys.argv[2:], str(corpus)], lambda data: run(data) and None)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
