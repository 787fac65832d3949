"""Judging work: score sheets, samples, appeals."""
