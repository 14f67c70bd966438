"""Measures of how close generated images are to real ones: features of frozen networks, and scores computed on them."""

DEFAULT_NETWORK = "efficientnet-lite0"  # whose features are compared; defined here to be imported without torch
