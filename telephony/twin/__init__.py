"""The carrier twin: Twilio's side of the line, for `make call`, tests and `make bench`.

Nothing in production imports it.
"""
