"""In: environment variables. Out: settings, checked while they are read."""
