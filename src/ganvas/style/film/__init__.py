"""Films repainted frame by frame, so steadily that strokes stay on what they are painted on."""
