"""Results of a run: the folder they are kept in, and the tidy rows of each chapter."""
