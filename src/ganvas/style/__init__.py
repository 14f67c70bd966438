"""Style transfer: repaint a picture with the colours and strokes of others."""

from .paint import stylize

__all__ = ["stylize"]
