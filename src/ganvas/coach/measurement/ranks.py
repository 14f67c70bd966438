"""Averages over distributed processes: all ranks judge by the same numbers, so all reach the same verdict."""

from torch import distributed

from ...distributed import world_size


def average_over_ranks(metrics: dict[str, float]) -> dict[str, float]:
    """Return the metrics averaged over all ranks; with one process, return them as given.

    A metric that is NaN or missing on one rank is NaN for all, so that the others do not hide a problem.
    Every rank has to call this at the same step.
    """
    count = world_size()
    if count == 1:
        return metrics
    of_ranks: list[dict[str, float]] = [{}] * count
    distributed.all_gather_object(of_ranks, metrics)
    names = dict.fromkeys(name for each in of_ranks for name in each)  # in the same order on every rank
    return {name: sum(each.get(name, float("nan")) for each in of_ranks) / count for name in names}
