"""The file system that a SQLite file is on."""

import re
from pathlib import Path

NETWORK = frozenset(
    "9p afs beegfs ceph cifs fuse.ceph fuse.glusterfs fuse.sshfs glusterfs gpfs lustre nfs nfs4 smb3 smbfs".split()  # noqa: SIM905
)
"""File systems of other machines. SQLite needs locks and shared memory that hold for all who have a file open."""

_MOUNTS = Path("/proc/self/mountinfo")


def network_file_system(file: Path, mounts: str | None = None) -> str | None:
    """The type of the network file system that a file is on; `None` if it is on none, or that cannot be known.

    Args:
        mounts: The mounted file systems, as in `/proc/self/mountinfo`; by default those of this machine.
    """
    if mounts is None:
        try:
            mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return None
    folder, deepest, found = file.resolve().parent, -1, ""
    for line in mounts.splitlines():
        mount, _, source = line.partition(" - ")
        # Spaces and the like are written as octal numbers.
        point = Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), mount.split()[4]))
        # Of several on one folder, the last one counts.
        if folder.is_relative_to(point) and len(point.parts) >= deepest:
            deepest, found = len(point.parts), source.split()[0]
    return found if found in NETWORK else None


def network_fault(file: Path) -> str | None:
    """What is wrong with a file on a network file system, and what to do; `None` if it is on none."""
    kind = network_file_system(file)
    if kind is None:
        return None
    return (
        f"{file} is on a network file system ({kind}), where SQLite may lose what it has stored. "
        "Move it to a local disk, or use PostgreSQL."
    )
