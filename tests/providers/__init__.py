"""Language-model providers on this machine: real HTTP, each provider's streaming protocol, scripted faults."""
