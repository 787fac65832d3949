"""The demonstration: scripted people who use the real thing, as a person would. Tests use the same people."""
