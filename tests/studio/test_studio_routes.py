"""What the studio's routes answer: sets, options, plans, histories, and the texts of the page."""

import json
from dataclasses import replace
from http.client import HTTPConnection
from typing import Any

import pytest

from ganvas.config.options import GROUPS
from ganvas.events import Note, Prescription, Treatment
from ganvas.script_texts import marked_texts
from ganvas.studio.options_form import form_fields
from ganvas.studio.texts import STATIC


def test_pictures_are_left_out_and_taken_in_again(opened: Any) -> None:
    names = opened.ask("GET", "/api/sets/discs/pictures").data["names"]
    assert len(names) == 24
    opened.ask("POST", "/api/sets/discs/left-out", {"pictures": names[:2], "out": True})
    assert opened.ask("GET", "/api/sets/discs/inspection").data["usable"] == 22
    opened.ask("POST", "/api/sets/discs/left-out", {"pictures": names[:1], "out": False})
    assert opened.ask("GET", "/api/sets/discs/pictures").data["left_out"] == names[1:2]
    assert opened.ask("GET", "/api/sets/discs/pictures?first=20&count=60").data["names"] == names[20:]


def test_a_set_is_uploaded_and_forgotten(opened: Any) -> None:
    picture = (opened.studio.workspace.folder.parent / "x").with_suffix(".png")
    from PIL import Image

    Image.new("RGB", (32, 32), "red").save(picture)
    assert opened.ask("POST", "/api/sets", {"name": "mine"}).status == 200
    assert opened.ask("POST", "/api/sets", {"name": "mine"}).status == 400, "the name is taken"
    assert opened.ask("PUT", "/api/sets/mine/picture?file=red%2Fx.png", picture.read_bytes()).status == 200
    assert opened.ask("GET", "/api/sets/mine/pictures").data["names"] == ["red/x.png"]
    assert opened.ask("GET", "/api/sets/mine/thumbnail?picture=red%2Fx.png").headers["content-type"] == "image/webp"
    assert opened.ask("DELETE", "/api/sets/mine", {}).status == 200
    assert [each["name"] for each in opened.ask("GET", "/api/sets").data] == ["discs"]
    assert (opened.studio.workspace.pictures / "mine" / "red" / "x.png").is_file(), "nothing is deleted"


def test_a_training_is_asked_for_as_the_command_line_would(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(opened.studio.trainings, "ask", lambda *words: asked.append(words))
    wanted = {"name": "new one", "set": "discs", "options": {"minutes": 2, "recipe": "dcgan", "conditional": True}}
    assert opened.ask("POST", "/api/trainings", wanted).status == 200
    name, words, pictures = asked[0]
    assert (name, pictures) == ("new one", "discs")
    assert words[0] == "train"
    assert words[2:] == (
        "--out", str(opened.studio.workspace.runs / "new one"), "--conditional", "--minutes", "2", "--recipe", "dcgan"
    )  # fmt: skip
    assert opened.ask("POST", "/api/trainings", wanted | {"options": {"batch": 1e9}}).status == 400
    assert opened.ask("POST", "/api/trainings", wanted | {"options": {"nothing": 1}}).status in (400, 422)
    opened.ask("POST", "/api/trainings/discs/go-on", {"coach": "watch"})
    assert asked[-1][1] == ("train", "--out", str(opened.studio.workspace.runs / "discs"), "--coach", "watch")
    opened.ask("POST", "/api/trainings/discs/more", {"minutes": 5})
    assert asked[-1][1][-2:] == ("--minutes", "5")


def test_the_coach_is_asked_to_undo_or_to_do_more(opened: Any) -> None:
    run = opened.studio.workspace.run("discs")
    run.write_config(replace(run.read_config(), coach="act"))
    assert opened.ask("POST", "/api/runs/discs/coach", {"request": "undo"}).status == 400, "it has done nothing"
    halved = Prescription("lr", "discriminator", 0.5)
    run.append_event(Treatment(30, 240, "mode collapse", (halved,), "", "Halved the learning rate.", 1))
    assert opened.ask("POST", "/api/runs/discs/coach", {"request": "anything"}).status == 422
    assert opened.ask("POST", "/api/runs/../coach", {"request": "undo"}).status in (400, 404, 405)
    assert opened.ask("GET", "/api/runs/discs").data["asked"] == ""
    assert opened.ask("POST", "/api/runs/discs/coach", {"request": "more"}).status == 200
    assert opened.ask("GET", "/api/runs/discs").data["asked"] == "more"
    assert run.request_file.read_text() == "more"


def test_the_history_ends_where_the_events_go_on(opened: Any) -> None:
    history = opened.ask("GET", "/api/runs/discs/history").data
    run = opened.studio.workspace.run("discs")
    assert history["offset"] == run.events_size()
    assert history["events"][-1]["event"] == "Done"
    assert {each["event"] for each in history["events"]} >= {"Started", "Step", "SampleGrid", "Done"}
    grid = next(each["path"] for each in history["events"] if each["event"] == "SampleGrid")
    shown = opened.ask("GET", f"/api/runs/discs/samples/{grid.split('/')[-1]}")
    assert (shown.status, shown.headers["content-type"]) == (200, "image/png")


def test_whoever_comes_back_gets_exactly_what_came_meanwhile(opened: Any) -> None:
    run = opened.studio.workspace.run("discs")
    offset = run.events_size()
    run.append_event(Note("while the phone slept"))
    end = run.events_size()
    connection = HTTPConnection("127.0.0.1", opened.port, timeout=60)
    connection.request(
        "GET", "/api/runs/discs/events?offset=0", headers={"Cookie": opened.cookie, "Last-Event-ID": str(offset)}
    )
    answer = connection.getresponse()
    assert answer.getheader("Content-Type", "").startswith("text/event-stream")
    assert answer.readline() == f"id: {end}\n".encode()
    assert json.loads(answer.readline().removeprefix(b"data: "))["text"] == "while the phone slept"
    answer.readline()
    run.append_event(Note("live"))
    assert answer.readline() == f"id: {run.events_size()}\n".encode()
    answer.close()
    connection.close()


def test_the_discriminator_is_asked(opened: Any) -> None:
    answer = opened.ask("GET", "/api/runs/discs/opinions")
    assert answer.status == 200, answer.body
    assert len(answer.data["real"]) == len(answer.data["fake"]) == 12
    assert all(isinstance(each["logit"], float) for each in answer.data["real"])


def test_each_option_of_a_training_has_a_field() -> None:
    shown = {field["name"]: field for _title, fields in form_fields(GROUPS) for field in fields}
    assert shown["recipe"]["kind"] == "choice"
    assert "quick" in shown["recipe"]["choices"]
    assert shown["batch"] | {"kind": "number", "whole": True, "least": 2} == shown["batch"]
    assert shown["augment"]["kind"] == "several"
    assert shown["conditional"]["kind"] == "yes-no"
    assert all(field["help"] for field in shown.values())


def test_the_page_speaks_indonesian(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = opened.ask("GET", "/api/texts", Cookie=None).data
    assert texts["texts"]["Pause"] == ["Pause"]
    monkeypatch.setenv("GANVAS_LANG", "en")  # so that it is put back
    assert opened.ask("POST", "/api/language", {"language": "id"}).status == 200
    texts = opened.ask("GET", "/api/texts").data
    assert texts["texts"]["Pause"] == ["Jeda"]
    assert texts["language"] == "id"
    assert {text if isinstance(text, str) else text[0] for _file, text in marked_texts(STATIC)} == set(texts["texts"])
    assert opened.ask("POST", "/api/language", {"language": "xx"}).status == 422
