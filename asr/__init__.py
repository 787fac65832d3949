"""Speech to text during the call, beside its path and never in it.

Asterisk sends each leg's voice through an AudioSocket spy; webrtcvad gates the silence; Vosk turns the rest into
utterances, which become facts on the ledger. Whatever fails here, the two people go on talking.
"""
