"""What templates may ask of search."""
