"""The phone line.  Knows frames and legs; knows no words, models or Redis."""
