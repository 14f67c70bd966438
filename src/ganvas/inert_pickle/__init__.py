"""Pickles, read without executing anything.

Python's `pickle` imports and calls whatever a file names. Here the same opcodes are read over inert values: plain data,
NumPy arrays, and `Opaque` objects that only record what the file asked for. No name in a file is ever looked up among
Python's modules; what is understood is the table in `calls`.

    >>> from ganvas.inert_pickle import read_pickle
    >>> read_pickle(b"\\x80\\x02}X\\x01\\x00\\x00\\x00aK\\x01s.")
    {'a': 1}
    >>> read_pickle(b"cos\\nsystem\\n(S'echo hello'\\ntR.")
    Opaque(os.system)

Pickles of protocols 0 to 5 are read, and PyTorch's files (`torch.save`, both forms), by Python 2 or 3. Sizes are
checked before memory is taken, and all work is counted, so that a hostile file ends in a `PickleError`.
"""

from .errors import PickleError
from .opaque import Global, Opaque
from .read import read_pickle

__all__ = ["Global", "Opaque", "PickleError", "read_pickle"]
