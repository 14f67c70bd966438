"""TensorBoard, the extra `tensorboard`: event files in RUN/tensorboard, by PyTorch's writer."""

import shlex
from pathlib import Path
from typing import Any, ClassVar

from ..translation import _
from .logger import Logger

SECONDS_TO_FLUSH = 10  # after which what was logged can be seen
RGB = 3  # TensorBoard's number for it; browsers go by the PNG itself


class TensorBoardLogger(Logger):
    """Logs to TensorBoard: `tensorboard --logdir RUN` shows it, and `--logdir` a folder of runs compares them.

    Example:
        >>> import ganvas
        >>> from ganvas.loggers import TensorBoardLogger
        >>> log = TensorBoardLogger("runs/logged")
        >>> for event in ganvas.train("pictures", "runs/logged", recipe="dcgan", images=200):
        ...     log(event)
        >>> log.where
        'To see the log: tensorboard --logdir runs/logged'
    """

    program: ClassVar[str] = "TensorBoard"
    extra: ClassVar[str] = "tensorboard"

    def _open(self, start: int, settings: dict[str, Any]) -> None:
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb
        from torch.utils.tensorboard import SummaryWriter

        self._writer: Any = SummaryWriter(str(self.run.tensorboard), purge_step=start, flush_secs=SECONDS_TO_FLUSH)
        self._add(hparams_pb(settings))
        self.where = _("To see the log: {command}").format(
            command=shlex.join(["tensorboard", "--logdir", str(self.run.folder)])
        )

    def _add(self, summary: Any, images_seen: int | None = None) -> None:
        """Add what SummaryWriter has no method for."""
        self._writer.file_writer.add_summary(summary, images_seen)

    def _curves(self, images_seen: int, values: dict[str, float]) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, images_seen)

    def _picture(self, images_seen: int, name: str, path: Path, size: tuple[int, int]) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        width, height = size
        # The file as it is: add_image would take the decoded picture, and encode it once more.
        encoded = Summary.Image(height=height, width=width, colorspace=RGB, encoded_image_string=path.read_bytes())
        self._add(Summary(value=[Summary.Value(tag=name, image=encoded)]), images_seen)

    def _text(self, images_seen: int, name: str, text: str) -> None:
        self._writer.add_text(name, text, images_seen)

    def _close(self, has_ended: bool) -> None:
        self._writer.file_writer.close()  # SummaryWriter.close would leave the writer's thread behind on a full disk
