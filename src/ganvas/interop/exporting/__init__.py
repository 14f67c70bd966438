"""Trained networks written for other programs: ONNX, TorchScript, safetensors, and a page that draws in the browser."""
