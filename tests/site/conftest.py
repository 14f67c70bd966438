"""The site, built once for all tests of it, whatever process they run in."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from ganvas.file_lock import try_lock

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the site; a warning of Sphinx fails whoever asks for it."""
    pytest.importorskip("sphinx", reason='what builds the site is not installed: pip install -e ".[docs]"')
    pytest.importorskip("jupytext", reason='what reads the notebooks is not installed: pip install -e ".[notebooks]"')
    if not (ROOT / "docs").is_dir():
        pytest.skip("not in a checkout")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base  # of all processes of pytest-xdist
    with (shared / "site.lock").open("a") as lock:
        while try_lock(lock) is False:
            time.sleep(0.2)
        out, log = shared / "site", shared / "site.log"
        if not log.exists():
            command = [sys.executable, str(ROOT / "scripts" / "build_site.py"), "--out", str(out)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            log.write_text("" if done.returncode == 0 else f"{done.stdout}{done.stderr}", encoding="utf-8")
    assert log.read_text(encoding="utf-8") == "", "python scripts/build_site.py"
    return out
