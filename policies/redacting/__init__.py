"""Our own recognizers of what identifies a person in speech as it was written down: pure, without presidio and spaCy.

`words` cuts a text, `lexis` knows kinds of words, `numerals` reads digits; each other module finds one kind of thing.
"""
