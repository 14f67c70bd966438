"""Steps: one for each kind of phase. `adversarial` is the GAN's; begin there."""
