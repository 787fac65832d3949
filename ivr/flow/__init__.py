"""The language of call flows: YAML checked with line numbers, and a pure interpreter for it."""
