"""Job files: what hands a training to a cluster's scheduler. They are written, and sent by the user."""

from .job import PLATFORMS, Job, Platform, write_job

__all__ = ["PLATFORMS", "Job", "Platform", "write_job"]
