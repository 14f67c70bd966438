"""Planning: options in, complete configuration and the reason of each decision out; pure, nothing is trained.

- `inputs`: what a plan depends on: pictures, machine, budget.
- `choose`: size and recipe. `memory`: the batch that fits. `explain`: what the recipe decides by itself.
- `plan`: puts them together. It is called once for a run, and again only if some pictures cannot be read.
- `budget`: from images or seconds to the steps of each phase. `schedule`: where a step stands in the whole.
"""
