"""What a collection looks like as a whole."""
