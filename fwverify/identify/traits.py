"""The traits of an executable, by which a store of reference packages knows it or its relatives (reference).

Only names that a maker chose count as exported: every linker adds `_init`, `_edata` and their like. Does NOT look
anything up.
"""

from __future__ import annotations

import hashlib
import heapq

from fwverify.formats.elf_loaded import loaded_digest
from fwverify.formats.executable import Executable
from fwverify.model.artifact import Artifact
from fwverify.model.traits import HASH_BYTES, SKETCH_HASHES, Traits

LINKERS_OWN = frozenset(
    {
        "_init", "_fini", "_start", "__start", "main", "_end", "_edata", "_etext", "__end__", "__bss_start",
        "__bss_start__", "__bss_end__", "_bss_end__", "__data_start", "data_start", "_IO_stdin_used", "_ftext",
        "_fdata", "_fbss", "_gp", "_gp_disp", "_DYNAMIC", "_DYNAMIC_LINKING", "_GLOBAL_OFFSET_TABLE_", "__RLD_MAP",
        "__rld_map", "__exidx_start", "__exidx_end", "__libc_csu_init", "__libc_csu_fini", "__dso_handle", "__progname",
        "__global_pointer$", "__SDATA_BEGIN__", "__BSS_END__", "__DATA_BEGIN__",
    }
)  # fmt: skip


def traits_of(artifact: Artifact, executable: Executable | None) -> Traits | None:
    """None for what is no executable, or one whose structure does not hold."""
    if executable is None or executable.problems:
        return None
    names = [one for one in executable.exported if one not in LINKERS_OWN]
    return Traits(
        build_id=executable.build_id,
        soname=executable.soname,
        loaded=loaded_digest(artifact.content),
        symbols=len(names),
        sketch=b"".join(heapq.nsmallest(SKETCH_HASHES, {_hash(one) for one in names})),
    )


def _hash(name: str) -> bytes:
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES).digest()
