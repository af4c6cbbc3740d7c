"""Models: name -> the class that trains and encodes."""
