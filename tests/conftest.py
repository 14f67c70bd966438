"""Fixtures that every test may use."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_assets() -> Path:
    """Return the folder of real data that lies beside a developer's checkout, or skip."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "assets"
    if not folder.is_dir():
        pytest.skip("the real data sets in ../shared/assets are not here")
    return folder
