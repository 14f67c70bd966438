"""The command `ganvas studio`: what it refuses, what it tells, and its demo."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ganvas
from ganvas import GanvasError, builtin
from ganvas.cli import main
from ganvas.cli.studio import PASSWORD_VARIABLE, Studio
from ganvas.studio import sets
from ganvas.studio.context import new_studio
from ganvas.studio.demo import prepare_demo
from ganvas.studio.run_view import history, overview
from ganvas.studio.serve import listen


def test_others_are_not_let_in_without_a_password(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["studio", str(tmp_path / "ws"), "--host", "0.0.0.0"]) == 1
    assert "--password" in capfd.readouterr().err
    monkeypatch.setenv(PASSWORD_VARIABLE, "short")
    assert main(["studio", str(tmp_path / "ws"), "--host", "0.0.0.0"]) == 1
    assert "8 characters" in capfd.readouterr().err
    assert not (tmp_path / "ws").exists(), "nothing is begun"


def test_the_password_is_not_handed_on_to_trainings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "a long one")
    assert Studio()._password() == "a long one"
    assert PASSWORD_VARIABLE not in os.environ


def test_a_port_that_is_taken_is_passed_over() -> None:
    with listen("127.0.0.1", 0) as first:
        first.listen()
        port = first.getsockname()[1]
        with listen("127.0.0.1", port) as second:
            assert second.getsockname()[1] != port
    with pytest.raises(GanvasError, match="cannot be reached"):
        listen("192.0.2.1", 8765)


def test_the_demo_is_there_once(tmp_path: Path) -> None:
    for _each in range(2):
        prepare_demo(tmp_path / "ws")
    studio = new_studio(tmp_path / "ws")
    assert [each.name for each in sets.all_sets(studio.workspace)] == ["people"]
    assert [(each.name, each.state) for each in studio.trainings.all()] == [("people", "finished")]
    run = studio.workspace.run("people")
    assert run.read_config().data.path == str(builtin.people())
    images = ganvas.load(run.folder, device="cpu").sample(count=2, seed=0)
    assert images.shape == (2, 3, 64, 64)
    assert images.float().std() > 20, "nothing is drawn"
    shown = history(run)["events"]
    for name in (each["path"] for each in shown if each["event"] == "SampleGrid"):
        assert (run.folder / name).is_file()
    assert not overview(run)["can_have_more"]


def test_visitors_from_elsewhere_cannot_name_folders(opened_to_others: Any, tmp_path: Path) -> None:
    answer = opened_to_others.ask("POST", "/api/sets", {"name": "mine", "folder": str(tmp_path)})
    assert answer.status == 400
    assert [each["name"] for each in opened_to_others.ask("GET", "/api/sets").data] == ["discs"]


def test_a_visitor_with_the_password_comes_in(opened_to_others: Any) -> None:
    ask = opened_to_others.ask
    assert ask("GET", "/", Cookie=None).headers["location"] == "/enter"
    assert ask("GET", "/enter?token=", Cookie=None).status == 200, "it asks for the password"
    assert ask("POST", "/api/enter", {"password": "wrong"}, Cookie=None).status == 403
    assert ask("POST", "/api/enter", {"password": "the password"}, Cookie=None, Origin="http://evil").status == 403
    answer = ask("POST", "/api/enter", {"password": "the password"}, Cookie=None)
    assert answer.status == 200
    cookie = answer.headers["set-cookie"].partition(";")[0]
    assert ask("GET", "/api/sets", Cookie=cookie).status == 200


def test_the_socket_is_not_inherited_by_trainings() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert not listener.get_inheritable()
        assert isinstance(listener, socket.socket)


def test_the_studio_is_there_without_torch() -> None:
    code = "import sys, ganvas.studio.serve, ganvas.cli.studio; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)  # it would take half a gigabyte, and seconds to open
