"""The rules: values in, values out.  No socket, clock, thread or store; imports nothing of ours."""
