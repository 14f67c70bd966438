"""Training: the algorithm, the state, and the care.

- `start`: from a folder of pictures to a running training, or on where it stopped (`resume_checks`, `calibrate`).
- `loop`: a step, then what is due after it (`after_step`), on one `session`.
- `phases`: what a step of each phase does. `steps`: the steps themselves: adversarial, autoencoder, VAE.
- `state`, `state_io`: everything that a checkpoint keeps. `transfer`: weights of an earlier run.
- `monitoring`: the coach at work, health checks, interventions, scores, sample grids, histograms of logits.
- `forecast`: the plan for `ganvas inspect`, measured on this machine.
"""
