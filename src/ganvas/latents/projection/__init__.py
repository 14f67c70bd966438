"""Projection: the latent whose picture is nearest to a given one, and a generator that is moved until it meets it."""

from .project import project

__all__ = ["project"]
