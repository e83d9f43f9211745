"""In: questions whether this server lives and can answer. Out: health, metrics and system checks."""
