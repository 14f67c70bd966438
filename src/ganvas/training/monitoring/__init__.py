"""Care of a training on the way: the coach at work, and samples, scores and histograms for people to look at."""
