"""Any data set in Karpathy's JSON format, with an image folder and optional labels."""
