"""The coach: measures the health of a GAN training, diagnoses problems, and prescribes remedies.

- `measurement`: health metrics of samples, logits, losses, gradients and weights. `metric_names` describes each.
- `diagnosis`: from the history of health checks to a verdict. `rules` finds problems, `verdict` chooses among them,
  `diagnoses` explains each in plain words, `check_times` says when to check.
- `treatment`: from a verdict to prescriptions. `remedies` are single measures, `escalation` has a ladder of them for
  each diagnosis, `prescription` applies them to a configuration.
- `user_loop`: `ganvas.Coach` for people's own training loops, which it watches and, if they want, repairs. For
  `ganvas train`, see `ganvas.training.monitoring`.
- `doctor`: the findings about a recorded training. `describe`: verdicts and metrics as text.

Diagnosis and treatment are pure functions of recorded events, so a resumed run comes to the same decisions.
"""
