"""Generation of samples: latents drawn by seed, and the trained generator that turns them into images."""
