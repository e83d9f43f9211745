"""From an item's text to its vectors: spaces, encoders, passages and the pipeline between them."""
