"""Is it any good?: what was measured, in words; and a report that can do nothing but be shown."""

import base64
import hashlib
from typing import Any

import pytest

import ganvas

RUN = "discs"  # what is in each studio of the tests


def test_what_was_not_measured_says_so(opened: Any) -> None:
    found = opened.ask("GET", f"/api/quality/{RUN}").data
    assert (found["is_measured"], found["scores"], found["report"]) == (False, [], "")
    assert found["sentences"]
    assert opened.ask("GET", f"/api/quality/{RUN}/report").status == 404


@pytest.mark.parametrize("sheet", ["..", "scores", "..%2F..%2Fconfig", "real"])
def test_only_sheets_are_shown(opened: Any, sheet: str) -> None:
    assert opened.ask("GET", f"/api/quality/{RUN}/sheets/{sheet}").status == 404


def test_a_report_runs_our_own_script_alone_and_goes_nowhere(opened: Any) -> None:
    run = opened.studio.workspace.run(RUN)
    page = ganvas.write_report(run.folder).read_text(encoding="utf-8")
    answer = opened.ask("GET", f"/api/quality/{RUN}/report")
    assert answer.body.decode() == page
    policy = answer.headers["content-security-policy"]
    script = page.rpartition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy, "the report's own script would not run"
    assert "sandbox allow-scripts" in policy
    assert "default-src 'none'" in policy
    assert "allow-same-origin" not in policy
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    saved = opened.ask("GET", f"/api/quality/{RUN}/report.html")
    assert saved.headers["content-disposition"].startswith("attachment")


def test_other_pages_cannot_be_framed(opened: Any) -> None:
    headers = opened.ask("GET", "/").headers
    assert headers["x-frame-options"] == "DENY"
    assert "frame-src 'self'" in headers["content-security-policy"]
