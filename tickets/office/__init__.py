"""What units' own office systems are told (电子政务专网): a notice of each move of their work orders."""
