"""Networks of other programs as runs of ours, without executing anything of theirs.

- `read`: a file in, an `ImportedNetwork` out; a module for each format beside it.
- `write`: that network as a run folder.
"""

from .imported import ForeignNetworkError, ImportedNetwork
from .read import read_network
from .write import import_run

__all__ = ["ForeignNetworkError", "ImportedNetwork", "import_run", "read_network"]
