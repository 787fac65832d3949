"""举一反三: many work orders of one cause, governed as one project."""
