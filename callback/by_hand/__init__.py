"""Return visits that people make: the list, whose turn each task is, calls from the desk, results."""
