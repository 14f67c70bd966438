"""Reports: a run as one HTML page, and as a model card."""

from .write import hub_card, write_card, write_report

__all__ = ["hub_card", "write_card", "write_report"]
