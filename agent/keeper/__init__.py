"""The process that writes: collector and state.  Sees policies and `agent.shared`, never calls or engines."""
