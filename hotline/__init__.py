"""The frame of the house: settings, clock, ids, errors, facts, ledger, bus, security. Knows no feature."""

__version__ = "0.1.0"
