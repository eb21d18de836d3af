"""Names of scratch folders, chosen before the folders are made: whoever is interrupted in between knows what to remove.

Does NOT make or remove them.
"""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path


def name() -> str:
    """A path in the folder for temporary files that nobody can guess, and that is not there yet."""
    return str(Path(tempfile.gettempdir()) / f"fwverify-{secrets.token_hex(8)}")
