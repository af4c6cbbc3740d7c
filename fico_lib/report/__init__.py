"""What chapters share: parameters, runs of several seeds, claims, tables, figures, results."""
