"""Measure how far a set of pictures is from another: frozen features, and the scores computed from them."""
