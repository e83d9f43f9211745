"""What goes with an item: related items and recommendations from examples."""
