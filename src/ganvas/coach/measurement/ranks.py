"""Several processes that train together come to the same verdict, since all judge by the same numbers."""

from torch import distributed


def processes() -> int:
    """Return how many processes train together: 1 without torch.distributed."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


def agree(values: dict[str, float]) -> dict[str, float]:
    """Return what was measured, averaged over all processes; the same as given if there is one.

    What is NaN for one of them, or was not measured by it, is NaN for all: trouble is not hidden behind the others.
    Every process has to call this at the same step.
    """
    count = processes()
    if count == 1:
        return values
    told: list[dict[str, float]] = [{}] * count
    distributed.all_gather_object(told, values)
    names = dict.fromkeys(name for each in told for name in each)  # in the same order everywhere
    return {name: sum(each.get(name, float("nan")) for each in told) / count for name in names}
