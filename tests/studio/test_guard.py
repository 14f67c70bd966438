"""The gate of the studio: what comes from elsewhere is refused, each with its status."""

from typing import Any

import pytest


def test_the_page_is_let_in(opened: Any) -> None:
    answer = opened.ask("GET", "/api/trainings")
    assert answer.status == 200
    assert [(each["name"], each["state"]) for each in answer.data] == [("discs", "finished")]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "", "localhost:x", "[::1"]
)
def test_a_foreign_name_that_leads_here_is_refused(opened: Any, host: str) -> None:
    assert opened.ask("GET", "/api/trainings", Host=host.format(port=opened.port)).status in (400, 421)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "x"])
def test_another_site_is_refused(opened: Any, site: str) -> None:
    assert opened.ask("GET", "/api/trainings", Sec_Fetch_Site=site).status == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:{port}", None])
def test_a_form_of_another_site_changes_nothing(opened: Any, origin: str | None) -> None:
    origin = origin and origin.format(port=opened.port)
    assert opened.ask("POST", "/api/sets", {"name": "mine"}, Origin=origin).status == 403
    assert [each["name"] for each in opened.ask("GET", "/api/sets").data] == ["discs"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", None]
)
def test_only_json_and_files_are_taken(opened: Any, kind: str | None) -> None:
    assert opened.ask("POST", "/api/sets", {"name": "mine"}, Content_Type=kind).status == 415


@pytest.mark.parametrize("path", ["/api/trainings", "/api/sets", "/api/runs/discs/history", "/api/runs/discs/events"])
def test_nothing_is_told_without_a_session(opened: Any, path: str) -> None:
    assert opened.ask("GET", path, Cookie=None).status == 401
    assert opened.ask("GET", path, Cookie=f"ganvas_studio_{opened.port}=guessed").status == 401


def test_each_answer_keeps_the_browser_from_running_what_is_not_ours(opened: Any) -> None:
    for path, status in (("/", 200), ("/api/sets", 200), ("/nowhere", 404), ("/static/app.js", 200)):
        answer = opened.ask("GET", path)
        assert answer.status == status
        assert "script-src 'self';" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"]
