"""Judges retrieval and duplicates by judged data."""
