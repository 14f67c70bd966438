"""The command line in Indonesian: what a person reads is translated, and what programs read is not."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

import ganvas
import tiny
from ganvas.cli import main
from ganvas.cli.commands import COMMANDS

SOURCE = Path(ganvas.__file__).parent
ROOMS = ("", "cli", "config", "data", "latents", "latents/projection", "loggers", "models", "recipes", "style", "video")
MODULES = [path for room in ROOMS for path in sorted((SOURCE / room).glob("*.py")) if path.name != "evaluation.py"]
TOLD = re.compile(r"\w*Error|WeightsUnavailable|Note|echo")  # what takes texts for people
FOR_PROGRAMMERS = ("AttributeError", "TypeError", "ValueError", "NotImplementedError", "OSError", "ImportError")
STORED = ("UnreadableImageError",)  # takes a reason in English, and translates it itself


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Return a function that runs a command in a language and returns all that a person reads."""

    def run(language: str, *arguments: str) -> str:
        monkeypatch.setenv("GANVAS_LANG", language)
        monkeypatch.setenv("COLUMNS", "200")
        with suppress(SystemExit):  # after help
            main(list(arguments))
        captured = capfd.readouterr()
        return captured.out + captured.err

    return run


def test_the_overview_speaks_indonesian(say: Callable[..., str]) -> None:
    text = say("id", "--help")
    assert "penggunaan: ganvas COMMAND [OPTIONS]\n" in text
    assert "  train        Latih GAN dengan gambar Anda.\n" in text
    for command in COMMANDS.values():
        assert command.about not in text, "it is not translated"
    assert "  train        Train a GAN on your pictures.\n" in say("en", "--help")


def test_an_error_and_its_hint_speak_indonesian(say: Callable[..., str], tmp_path: Path) -> None:
    run = tmp_path / "no run"
    command = f"ganvas train PICTURES --out '{run}'"
    assert say("id", "sample", str(run)) == f"Galat: {run} tidak ada.\nCoba: {command}\n"
    assert say("en", "sample", str(run)) == f"Error: {run} does not exist.\nTry: {command}\n"


def test_what_was_meant_is_asked_in_indonesian(say: Callable[..., str], pictures: Path) -> None:
    assert say("id", "trian").startswith("Tidak ada perintah 'trian'. Maksud Anda 'train'?\n")
    assert "Tidak ada resep 'quik'. Maksud Anda 'quick'?\nPilih salah satu: quick," in say(
        "id", "inspect", str(pictures), "--recipe", "quik"
    )


def test_options_are_explained_in_indonesian(say: Callable[..., str]) -> None:
    text = say("id", "style", "--help")
    assert "Gambar atau film yang dilukis ulang, atau folder berisi gambar" in text, "below a field"
    assert "Tulis satu objek JSON di baris terakhir stdout." in text, "in an annotation"
    assert "Sisi panjangnya, sebagai bagian dari sisi pendek gambar. (bawaan: 0.2)" in text, "of a group in a group"
    assert "Cara gambar ditandatangani." in text
    assert "(bawaan: dipilih otomatis)" in say("id", "train", "--help"), "a default in words"
    assert "(bawaan: pictures)" in say("id", "walk", "--help"), "a value to type is not translated"
    assert "(default: chosen)" in say("en", "train", "--help")


def test_inspect_speaks_indonesian(say: Callable[..., str], tmp_path: Path) -> None:
    pictures = tiny.write_pictures(tmp_path / "pictures")
    (pictures / "empty.png").write_bytes(b"")
    (pictures / "half.png").write_bytes((pictures / "000.png").read_bytes()[:60])
    Image.new("RGB", (4, 4)).save(pictures / "small.png")
    text = " ".join(say("id", "inspect", str(pictures)).split())
    assert "gambar 27 (folder), 25 di antaranya bisa dipakai" in text
    assert "rusak empty.png: kosong (0 bytes)" in text
    assert "rusak half.png: terpotong" in text
    assert "25 gambar tergolong sedikit" in text, "a warning"
    assert f"Selanjutnya: ganvas train {pictures}" in text
    assert "broken half.png: truncated" in say("en", "inspect", str(pictures))


def test_the_cache_speaks_indonesian_and_json_does_not(
    say: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path))
    assert say("id", "cache") == f"{tmp_path} tidak berisi gambar yang sudah disiapkan.\n"
    assert json.loads(say("id", "recipes", "--json").splitlines()[0])["quick"]["hardware"] == "a CPU"


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_texts_for_people_are_marked(module: Path) -> None:
    nodes = ast.walk(ast.parse(module.read_text(encoding="utf-8")))
    for call in (node for node in nodes if isinstance(node, ast.Call)):
        name = ast.unparse(call.func)
        if TOLD.fullmatch(name) and name not in (*FOR_PROGRAMMERS, *STORED):
            for text in (text for argument in call.args for text in unmarked(argument)):
                assert not is_prose(text), f"line {call.lineno}: {ast.unparse(text)} is not marked with _"


def unmarked(argument: ast.expr) -> Iterator[ast.expr]:
    """Yield the texts in an argument that stand there as they are, in both branches of a choice too."""
    if isinstance(argument, ast.JoinedStr | ast.Constant):
        yield argument
    elif isinstance(argument, ast.IfExp):
        yield from (*unmarked(argument.body), *unmarked(argument.orelse))
    elif isinstance(argument, ast.BinOp):
        yield from (*unmarked(argument.left), *unmarked(argument.right))


def is_prose(text: ast.expr) -> bool:
    """Return whether a text has two words, and is no command."""
    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
    words = " ".join(str(part.value) for part in parts if isinstance(part, ast.Constant))
    return len(re.findall(r"[A-Za-z]{2,}", words)) > 1 and not words.startswith(("pip ", "ganvas ", "--"))
