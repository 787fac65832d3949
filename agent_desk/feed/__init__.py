"""The live feed: what changes in the house appears on the screens that it concerns."""
