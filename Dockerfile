# An image for clusters, on processors and on NVIDIA's GPUs: PyTorch's usual build brings its own CUDA.
#
#   docker build --tag ganvas .
#   docker run --gpus all --volume "$PWD:/data" ganvas python -m ganvas train /data/pictures --out /data/run
#
# For a base of your own, such as NVIDIA's: --build-arg BASE=nvcr.io/nvidia/pytorch:25.06-py3
ARG BASE=python:3.12-slim
FROM ${BASE}
COPY pyproject.toml hatch_build.py README.md LICENSE NOTICE /ganvas/
COPY src /ganvas/src
RUN pip install --no-cache-dir "/ganvas[tensorboard,wandb]"
WORKDIR /data
CMD ["python", "-m", "ganvas", "--help"]
