"""Reports: a run as one HTML page, and as a model card."""

from .write import write_card, write_report

__all__ = ["write_card", "write_report"]
