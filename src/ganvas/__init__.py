"""Train a GAN on your own folder of pictures, and repaint pictures in the style of others."""

__version__ = "0.1.0"
