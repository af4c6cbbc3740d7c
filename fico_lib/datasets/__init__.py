"""Data sets: name -> the function that loads it."""
