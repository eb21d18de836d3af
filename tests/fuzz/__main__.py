"""python -m tests.fuzz NAME [atheris options, such as -max_total_time=600]

Coverage-guided fuzzing of one scheme or container with atheris (pip install atheris). Seeds are its valid vectors and
tests/fuzz/corpus/NAME; a crash is written to the working directory by atheris, and belongs into that folder, small,
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
    with atheris.instrument_imports(include=["fwverify.formats", "fwverify.authenticate", "fwverify.unpack"]):
        from tests.fuzz.targets import container_targets, targets
    name = sys.argv[1]
    known = [*targets(), *container_targets()]
    target = next((one for one in known if one.name == name), None)
    if target is None:
        sys.exit(f"nothing called {name!r} has a valid vector; there are: {', '.join(one.name for one in known)}")
    corpus = Path(mkdtemp(prefix=f"fuzz-{name}-"))
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    run = target.run
    atheris.Setup([sys.argv[0], *sys.argv[2:], str(corpus)], lambda data: run(data) and None)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
