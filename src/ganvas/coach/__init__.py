"""The coach: signs of health, what they mean, and what to do about it. Pure, and of use in anybody's loop."""
