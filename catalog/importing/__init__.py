"""Files of any sensible kind come in, checked items and a report of what became of each row go out."""
