"""Leaks put into a copy of the code one at a time, to see what catches each: types, tests, the proof."""
