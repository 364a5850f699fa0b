"""Wiring: puts a bridge together from the environment and the configuration file. The only reader of the clock, of
chance and of the environment; nothing is wired at import time.

One module for each need, so that no command imports what it has no use for: `configured` only reads the file, `plugged`
makes connectors and plugins, `databases` opens what is named; `opened` is all of these together. On it stand the halves
that run: `receiving` and `delivering`. `ways` lead out to the targets.
"""
