"""Films, written frame by frame: .mp4, .webm, .webp, .gif or a folder of PNGs; and the sound that goes with them."""
