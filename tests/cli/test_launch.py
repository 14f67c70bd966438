"""Job files: each says what was asked, whatever names there are, and nothing is sent or replaced."""

import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ganvas.cli import main
from ganvas.launch import PLATFORMS

yaml = pytest.importorskip("yaml", reason="PyYAML is needed to read what is written")
ODD = "it's my $HOME; pictures"  # a name that means something to shells and to YAML
MINUTES = 90


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """Return the file that is written for a platform."""
    monkeypatch.chdir(tmp_path)
    options = ["--nodes", "2", "--gpus", "8", "--minutes", f"{MINUTES}", "--image", "ours:1"]
    training = ["train", ODD, "--out", "runs/a b", "--recipe", "keen", "--minutes", "60"]
    assert main(["launch", request.param, *options, "--", *training]) == 0
    return (tmp_path / PLATFORMS[request.param].file).read_text(encoding="utf-8")


def documents(text: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(text))


def words_of(command: str) -> list[str]:
    """Return the words after `ganvas`, as a shell would read them."""
    words = shlex.split(command)
    return words[words.index("ganvas") + 1 :]


@pytest.mark.parametrize("written", ["slurm"], indirect=True)
def test_slurm(written: str, tmp_path: Path) -> None:
    assert subprocess.run(["bash", "-n"], input=written, text=True, check=False).returncode == 0
    for line in ("--nodes=2", "--gpus-per-node=8", "--ntasks-per-node=1", f"--time={MINUTES}", "--requeue"):
        assert f"#SBATCH {line}\n" in written
    inner = next(line for line in written.split("srun ")[1].split(" &\n")[:1])
    (tmp_path / "tool").write_text("#!/bin/bash\nprintf '%s\\n' \"$@\"\n", encoding="utf-8")
    (tmp_path / "tool").chmod(0o755)
    told = subprocess.run(
        ["bash", "-c", inner.removeprefix("--kill-on-bad-exit=1 ").replace("torchrun", f"{tmp_path}/tool")],
        env={"SLURM_NODEID": "1", "head": "one", "SLURM_JOB_ID": "7", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert told[told.index("ganvas") + 1 :] == [
        "train",
        ODD,
        "--out",
        "runs/a b",
        "--recipe",
        "keen",
        "--minutes",
        "60",
    ]
    assert told[told.index("--rdzv-conf") + 1] == "is_host=false"
    assert told[told.index("--rdzv-endpoint") + 1] == "one:29500"
    assert told[told.index("--nproc-per-node") + 1] == "8"


@pytest.mark.parametrize("written", ["azureml"], indirect=True)
def test_azureml(written: str) -> None:
    (job,) = documents(written)
    assert job["distribution"] == {"type": "pytorch", "process_count_per_instance": 8}
    assert job["resources"] == {"instance_count": 2}
    assert job["limits"] == {"timeout": 60 * MINUTES}
    assert job["inputs"]["pictures"]["path"] == ODD
    assert job["environment"] == {"image": "ours:1"}
    assert job["command"].startswith("python -m ganvas train ${{inputs.pictures}} --out ${{outputs.run}}")
    assert words_of(job["command"])[-4:] == ["--recipe", "keen", "--minutes", "60"]


@pytest.mark.parametrize("written", ["sky"], indirect=True)
def test_sky(written: str) -> None:
    (task,) = documents(written)
    assert task["num_nodes"] == 2
    assert task["resources"] == {"accelerators": "A100:8", "use_spot": True, "image_id": "docker:ours:1"}
    assert task["file_mounts"]["/pictures"] == ODD
    assert task["file_mounts"]["/runs"]["mode"] == "MOUNT"
    assert words_of(task["run"]) == ["train", "/pictures", "--out", "/runs/a b", "--recipe", "keen", "--minutes", "60"]
    assert subprocess.run(["bash", "-n"], input=task["run"], text=True, check=False).returncode == 0


@pytest.mark.parametrize("written", ["kubernetes"], indirect=True)
def test_kubernetes(written: str) -> None:
    service, job = documents(written)
    assert (service["kind"], job["kind"]) == ("Service", "Job")
    spec = job["spec"]
    assert (spec["completions"], spec["parallelism"], spec["completionMode"]) == (2, 2, "Indexed")
    assert spec["activeDeadlineSeconds"] == 60 * MINUTES
    pod = spec["template"]["spec"]
    assert pod["subdomain"] == service["metadata"]["name"]
    (container,) = pod["containers"]
    assert container["resources"]["limits"] == {"nvidia.com/gpu": 8}
    assert words_of(container["command"][2])[:4] == ["train", f"/data/{ODD}", "--out", "/data/a b"]


@pytest.mark.parametrize("name", list(PLATFORMS))
def test_what_is_there_is_not_replaced(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / PLATFORMS[name].file).write_text("mine", encoding="utf-8")
    assert main(["launch", name, "--", "train", "pictures"]) == 1
    assert (tmp_path / PLATFORMS[name].file).read_text(encoding="utf-8") == "mine"
    assert "--file OTHER" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["slrm", "--", "train", "pictures"], "Did you mean 'slurm'?"),
        (["slurm", "--", "sample", "run"], "A job is a training."),
        (["slurm", "--", "train", "--out", "run"], "No pictures were named."),
        (["slurm", "--nodes", "0", "--", "train", "pictures"], "--nodes 0 is too small."),
        (["slurm"], "A job is a training."),
    ],
)
def test_what_makes_no_job(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["launch", *words]) == 1
    assert told in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_an_option_that_train_does_not_know_is_told_now_and_not_on_the_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(["launch", "slurm", "--", "train", "pictures", "--recipee", "keen"])
    assert "--recipe" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
