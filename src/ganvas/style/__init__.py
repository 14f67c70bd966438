"""Style transfer: a picture's shapes with the colours and strokes of others."""

from .paint import stylize

__all__ = ["stylize"]
