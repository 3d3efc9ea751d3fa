"""The locks of the line's process: what the kernel refuses it from then on, and the proof that it does."""
