"""From numbers to pictures: latents drawn by seed, and the trained generator that turns them into pictures."""
