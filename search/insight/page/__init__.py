"""In comes a collection and who asks, out come the pages that show its topics, map, trends and suggestions."""
