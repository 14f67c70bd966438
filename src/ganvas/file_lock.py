"""The exclusive lock of an open file. The system releases it when its holder ends, however that comes."""

import errno
import sys
from typing import IO, Any

NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)  # of some network drives


def try_lock(file: IO[Any]) -> bool | None:
    """Try to take the lock of `file` without waiting; return whether it was free, None if the drive has no locks."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        return None
    return True
