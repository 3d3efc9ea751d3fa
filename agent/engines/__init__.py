"""Models behind the four ports of `ports.py`; no call state."""
