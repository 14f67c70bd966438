"""Help and usage: every command explains itself at once, and a slip suggests what was meant."""

import subprocess
import sys

import pytest

import ganvas
from ganvas.cli import main
from ganvas.cli.commands import COMMANDS, GROUPS


def ended(arguments: list[str]) -> int | str | None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    return caught.value.code


def test_help_names_every_command(capfd: pytest.CaptureFixture[str]) -> None:
    assert ended(["--help"]) == 0
    text = capfd.readouterr().out
    for title, group in GROUPS.items():
        assert f"\n{title}:\n" in text
        for name, command in group.items():
            assert f"\n  {name:<12} {command.about}\n" in text
    assert "ganvas demo" in text


def test_nothing_typed_is_a_call_for_help(capfd: pytest.CaptureFixture[str]) -> None:
    texts = []
    for arguments in ([], ["-h"], ["--help"]):
        assert ended(arguments) == 0
        texts.append(capfd.readouterr().out)
    assert texts[0] == texts[1] == texts[2]


def test_the_version(capfd: pytest.CaptureFixture[str]) -> None:
    assert ended(["--version"]) == 0
    assert capfd.readouterr().out == f"ganvas {ganvas.__version__}\n"


def test_a_command_is_described_by_a_sentence() -> None:
    assert list(COMMANDS) == [
        "demo", "inspect", "studio", "recipes", "train", "sample", "evaluate", "doctor", "report", "walk", "project",
        "mix", "directions", "style", "style-train", "recolor", "shrink-vgg", "import", "push", "export", "shard",
        "launch", "cache", "env",
    ]  # fmt: skip
    for name, command in COMMANDS.items():
        assert command.about.endswith("."), name
        assert len(command.about) <= 120 - 15, "it does not fit into a line"
        assert hasattr(command.load(), "execute")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert ended([command, "--help"]) == 0
    text = capfd.readouterr().out
    assert f"usage: ganvas {command}" in text
    assert " ".join(COMMANDS[command].about.split()) in " ".join(text.split())
    assert command == "style" or "None" not in text, "talk of None means nothing to a user"


@pytest.mark.parametrize(
    ("arguments", "suggested"),
    [
        (["train", "x", "--recipee", "fc"], "--recipe"),
        (["train", "x", "--minuts", "3"], "--minutes"),
        (["sample", "x", "--cuont", "3"], "--count"),
    ],
)
def test_a_wrong_flag_suggests_the_right_one(
    arguments: list[str], suggested: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ended(arguments) == 2
    captured = capfd.readouterr()
    assert suggested in captured.err
    assert captured.out == ""


def test_a_wrong_command_suggests_the_right_one(capfd: pytest.CaptureFixture[str]) -> None:
    assert ended(["trian"]) == 2
    assert "There is no command 'trian'. Did you mean 'train'?" in capfd.readouterr().err


@pytest.mark.parametrize("arguments", [["trian"], ["train", "x", "--images", "many"], ["sample"], ["inspect"]])
def test_wrong_usage(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert ended(arguments) == 2
    assert capfd.readouterr().err


@pytest.mark.parametrize("module", ["ganvas", "ganvas.cli"])
def test_nothing_heavy_is_imported_before_it_is_used(module: str) -> None:
    code = f"import sys, {module}; print([m for m in ('torch', 'torchvision', 'timm', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "not_imported"),
    [
        *((words, ["torch", "tyro", "rich", "numpy", "PIL"]) for words in (["--help"], [], ["--version"], ["trian"])),
        *(pytest.param([command, "--help"], ["torch"], marks=pytest.mark.slow) for command in COMMANDS),
    ],
)
def test_help_imports_nothing_heavy(arguments: list[str], not_imported: list[str]) -> None:
    code = """
import sys
from ganvas.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
sys.stderr.write(" ".join(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert "ganvas" in done.stdout or arguments == ["trian"]
    assert not set(not_imported) & set(done.stderr.split())
