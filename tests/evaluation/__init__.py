"""How well the line judges, routes, finds and hears: `make eval`."""
