"""What the two chapters on costs share."""
