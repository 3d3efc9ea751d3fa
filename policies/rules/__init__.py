"""Rules as data, to be read by people who do not program."""
