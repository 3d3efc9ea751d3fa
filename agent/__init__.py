"""The conversation.  Sees frames, never sockets."""
