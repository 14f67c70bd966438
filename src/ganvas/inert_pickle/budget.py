"""How much work and memory one file may ask for. What is pickled once may be named a million times, so all is counted.

The limits are far above what networks and data sets need: StyleGAN3's largest pickle takes some 40,000 operations,
CIFAR-100's 300,000.
"""

from ..translation import _
from .errors import RefusedError

MAX_FILE_BYTES = 16 << 30  # a checkpoint with two networks, their average and an optimizer may have some gigabytes
MAX_OPERATIONS = 2_000_000  # an empty set is the dearest of them, with 216 bytes; a second or two
MAX_TEXT = 128 << 20  # characters, of which Python may take 4 bytes for each
MAX_NAME = 4096  # characters of a module, class or file
MAX_KEYS = 10_000  # of dictionaries and sets that are not texts: numbers can be chosen to collide
MAX_INTEGER = 255  # bytes of a whole number; PyTorch's magic number has 10
MAX_KEY_LENGTH = 16  # values in a tuple that is a key
MAX_DIMENSIONS = 32  # of an array
MAX_MARKS = 1000  # lists, tuples and dictionaries that are begun within each other


class Budget:
    """What is left for one file.

    Args:
        size: bytes of the file. Copies of its parts may take four times as much; most arrays are views of it.
    """

    def __init__(self, size: int) -> None:
        self.operations = MAX_OPERATIONS
        self.text = MAX_TEXT
        self.keys = MAX_KEYS
        self.copies = 4 * size + (1 << 20)

    def operate(self, count: int) -> None:
        """Count operations, or values that one operation copies.

        Raises:
            RefusedError: there were too many.
        """
        self.operations -= count
        if self.operations < 0:
            raise RefusedError(_("it has more than {count:,} operations").format(count=MAX_OPERATIONS))

    def write(self, characters: int) -> None:
        """Count characters of texts.

        Raises:
            RefusedError: there were too many.
        """
        self.text -= characters
        if self.text < 0:
            raise RefusedError(_("it has more than {count:,} characters of text").format(count=MAX_TEXT))

    def copy(self, size: int) -> None:
        """Count bytes that are copied.

        Raises:
            RefusedError: there were too many: parts of the file are used again and again.
        """
        self.copies -= size
        if self.copies < 0:
            raise RefusedError(_("it holds far more when it is unpacked than its own size"))

    def key(self, key: object) -> None:
        """Check that `key` may be a key: a text, or one of not too many others whose hash is taken quickly.

        Raises:
            RefusedError: it may not.
        """
        if isinstance(key, str):
            return
        self.keys -= 1
        if self.keys < 0:
            raise RefusedError(_("it has more than {count:,} keys that are not texts").format(count=MAX_KEYS))
        parts = key if isinstance(key, tuple) and len(key) <= MAX_KEY_LENGTH else (key,)
        if any(isinstance(part, tuple | frozenset | memoryview) for part in parts):
            raise RefusedError(_("it has a key that is too long"))
