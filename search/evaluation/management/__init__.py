"""Commands that judge quality and speed."""
