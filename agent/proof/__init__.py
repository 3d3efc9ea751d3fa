"""The proof that nothing is kept: what was said on synthetic calls is looked for everywhere it could have stayed."""
