"""In comes a log of people's events, out come figures: how well what came later was foreseen."""
