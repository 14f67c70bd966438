"""A run as a page worth sending, and as a model card."""

from .write import write_card, write_report

__all__ = ["write_card", "write_report"]
