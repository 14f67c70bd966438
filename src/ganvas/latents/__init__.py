"""Latents of a trained generator: sampled, walked through, mixed, found for a picture, and moved along directions."""
