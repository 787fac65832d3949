"""The HTTP routes, one small file per part of the work."""
