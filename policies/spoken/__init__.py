"""What a language model may not say to a patient, as files that a clinician reads and changes."""
