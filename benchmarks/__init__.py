"""Akin beside comparable systems on the same machine, items and queries."""
