"""The line's process killed in the middle of transfers: what each telephone hears from then on."""
