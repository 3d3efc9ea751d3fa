"""The carrier twin: Twilio's side of the line, for `make call`, tests and `make bench`.

`caller` is one patient on one stream, measured at the ear.  `exchange` is the whole carrier: any number of calls,
people at telephones, conferences, TwiML, callbacks, faults.  Nothing in production imports it.
"""
