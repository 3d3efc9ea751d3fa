"""The interface for those who run the line: HTTP on loopback, signed in by a token, every act in the audit log."""
