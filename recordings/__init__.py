"""Recordings: what was said on a call, kept so that it can be played, trusted and, in time, forgotten.

Asterisk's dialplan writes one file for each direction into a spool, with or without the engine. This room takes
over once the call is over: it repairs what a crash left unfinished, mixes both voices into one track, moves all
of them into the archive and puts the mix's hash into the ledger. Spool files go only after all that is safe.
"""
