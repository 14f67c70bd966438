"""What a job is, whatever the scheduler, and the files that tell the schedulers of it."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..atomic_write import write_atomically
from ..errors import GanvasError, lookup
from ..translation import N_, _

PORT = 29_500  # torchrun's usual one
SECONDS_TO_SAVE = 120  # between the signal that a job's time is over and its end
ON_THE_MACHINES = "/data"  # where containers see pictures and runs


@dataclass(frozen=True)
class Job:
    """A training on several machines.

    Args:
        pictures, run: as the user calls them.
        options: other words of `ganvas train`, as they are typed.
        nodes, gpus: machines, and GPUs of each.
        minutes: after which the scheduler ends it.
        image: a container with Ganvas, where the scheduler takes one.
        name: of the job, and of what belongs to it.
    """

    pictures: Path
    run: Path
    options: tuple[str, ...]
    nodes: int
    gpus: int
    minutes: int
    image: str = "ganvas"
    name: str = "ganvas"

    def command(self, pictures: str, run: str) -> str:
        """Return the words of the training for a shell, with other names for pictures and run."""
        return " ".join(("ganvas train", pictures, "--out", run, *map(shlex.quote, self.options)))


def slurm(job: Job) -> str:
    """Return a batch script for Slurm: one task a node, each of which is a torchrun.

    The signal before the end, or before a machine is taken away, is passed on: the training saves and ends, and the
    job goes back into the queue.
    """
    command = job.command(shlex.quote(str(job.pictures)), shlex.quote(str(job.run)))
    launcher = f"""
  [ "$SLURM_NODEID" = 0 ] && first=true || first=false
  exec torchrun --nnodes {job.nodes} --nproc-per-node {job.gpus} --max-restarts 3 \\
    --rdzv-id "$SLURM_JOB_ID" --rdzv-backend c10d --rdzv-endpoint "$head:{PORT}" --rdzv-conf "is_host=$first" \\
    -m {command}
"""
    return f"""#!/bin/bash
#SBATCH --job-name={job.name}
#SBATCH --nodes={job.nodes}
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node={job.gpus}
#SBATCH --time={job.minutes}
#SBATCH --signal=B:TERM@{SECONDS_TO_SAVE}
#SBATCH --requeue
#SBATCH --open-mode=append

again=no
stop() {{
  again=yes
  scancel --signal=TERM "$SLURM_JOB_ID.0"  # the training saves and ends
}}
trap stop TERM

export head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
srun --kill-on-bad-exit=1 bash -c {shlex.quote(launcher)} &
training=$!
wait "$training"
code=$?
while kill -0 "$training" 2>/dev/null; do wait "$training"; code=$?; done
if [ "$again" = yes ]; then scontrol requeue "$SLURM_JOB_ID"; fi
exit "$code"
"""


def azureml(job: Job) -> str:
    """Return a command job for Azure Machine Learning (v2): it sets RANK and so on itself, so there is no launcher."""
    command = job.command("${{inputs.pictures}}", "${{outputs.run}}")
    return f"""$schema: https://azuremlschemas.azureedge.net/latest/commandJob.schema.json
type: command
display_name: {job.name}
command: {_quoted(f"python -m {command}")}
inputs:
  pictures:
    type: uri_folder
    path: {_quoted(str(job.pictures))}
    mode: ro_mount
outputs:
  run:
    type: uri_folder
    path: {_quoted(f"azureml://datastores/workspaceblobstore/paths/{job.run.name}")}
    mode: rw_mount
environment:
  image: {_quoted(job.image)}
compute: azureml:gpu-cluster
resources:
  instance_count: {job.nodes}
distribution:
  type: pytorch
  process_count_per_instance: {job.gpus}
limits:
  timeout: {60 * job.minutes}
"""


def sky(job: Job) -> str:
    """Return a task for SkyPilot's managed jobs, on spot machines; runs are on a bucket that is mounted.

    It is mounted by MOUNT and not by MOUNT_CACHED: what is saved is there when a machine is taken away.
    """
    command = job.command("/pictures", f"/runs/{shlex.quote(job.run.name)}")
    return f"""name: {job.name}
num_nodes: {job.nodes}
resources:
  accelerators: A100:{job.gpus}
  use_spot: true
  image_id: {_quoted(f"docker:{job.image}")}
file_mounts:
  /pictures: {_quoted(str(job.pictures))}
  /runs:
    name: {job.name}-runs
    mode: MOUNT
run: |
  head=$(echo "$SKYPILOT_NODE_IPS" | head -n 1)
  timeout --signal=TERM {60 * job.minutes} torchrun --nnodes "$SKYPILOT_NUM_NODES" \\
    --node-rank "$SKYPILOT_NODE_RANK" --nproc-per-node "$SKYPILOT_NUM_GPUS_PER_NODE" \\
    --master-addr "$head" --master-port {PORT} -m {command}
"""


def kubernetes(job: Job) -> str:
    """Return an indexed Job for Kubernetes, and the service by which its pods find the first one."""
    command = job.command(
        shlex.quote(f"{ON_THE_MACHINES}/{job.pictures.name}"), shlex.quote(f"{ON_THE_MACHINES}/{job.run.name}")
    )
    launcher = (
        f'torchrun --nnodes {job.nodes} --node-rank "$JOB_COMPLETION_INDEX" --nproc-per-node {job.gpus} '
        f"--master-addr {job.name}-0.{job.name} --master-port {PORT} -m {command}"
    )
    return f"""apiVersion: v1
kind: Service
metadata:
  name: {job.name}
spec:
  clusterIP: None
  selector:
    job-name: {job.name}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {job.name}
spec:
  completions: {job.nodes}
  parallelism: {job.nodes}
  completionMode: Indexed
  backoffLimit: 6
  activeDeadlineSeconds: {60 * job.minutes}
  template:
    spec:
      subdomain: {job.name}
      restartPolicy: OnFailure
      terminationGracePeriodSeconds: {SECONDS_TO_SAVE}
      containers:
        - name: {job.name}
          image: {_quoted(job.image)}
          command: ["bash", "-c", {_quoted(f"exec {launcher}")}]
          resources:
            limits:
              nvidia.com/gpu: {job.gpus}
          volumeMounts:
            - name: data
              mountPath: {ON_THE_MACHINES}
            - name: memory
              mountPath: /dev/shm
      volumes:
        - name: data
          persistentVolumeClaim:
            claimName: {job.name}
        - name: memory
          emptyDir:
            medium: Memory
"""


def _quoted(text: str) -> str:
    """Return a text for a YAML file, in single quotes: nothing in them has a meaning but the quote itself."""
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True)
class Platform:
    """A scheduler: what its files are called, what is in one, what submits one, and what has to be there before."""

    file: str
    content: Callable[[Job], str]
    submit: str
    needs: str


PLATFORMS: dict[str, Platform] = {
    "slurm": Platform("ganvas-slurm.sh", slurm, "sbatch {file}", N_("Ganvas has to be installed on every machine.")),
    "azureml": Platform(
        "ganvas-azureml.yml",
        azureml,
        "az ml job create --file {file}",
        N_("Name your own cluster and image in it: compute, environment."),
    ),
    "sky": Platform(
        "ganvas-sky.yml",
        sky,
        "sky jobs launch {file}",
        N_("Name your own GPUs and image in it: accelerators, image_id."),
    ),
    "kubernetes": Platform(
        "ganvas-kubernetes.yml",
        kubernetes,
        "kubectl apply --filename {file}",
        N_("The pictures have to be on the volume claim that it names, and the image in a registry."),
    ),
}


def write_job(platform: str, job: Job, file: Path | None = None) -> tuple[Path, str]:
    """Write a job file, and return its path and the command that submits it.

    Raises:
        GanvasError: there is no such platform, a number makes no sense, or a file is in the way.
    """
    found = lookup(PLATFORMS, platform, "platform")
    path = Path(found.file) if file is None else file
    for name, number in (("nodes", job.nodes), ("gpus", job.gpus), ("minutes", job.minutes)):
        if number < 1:
            raise GanvasError(
                _("--{option} {number} is too small.").format(option=name, number=number),
                _("Try: --{option} 1").format(option=name),
            )
    if path.exists():
        raise GanvasError(
            _("{file} is there already.").format(file=path), _("Remove it, or choose another: --file OTHER")
        )
    write_atomically(path, found.content(job).encode())
    return path, found.submit.format(file=shlex.quote(str(path)))
