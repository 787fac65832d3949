"""A year of a prefecture's intakes, replayed through the law of work orders and into the database."""
