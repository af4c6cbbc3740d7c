"""Tables and sentences for a reader: made from results, one module per chapter."""
