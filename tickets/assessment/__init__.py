"""Assessment of units by month: figures, marks, boards, exclusions, the bulletin."""
