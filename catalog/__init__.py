"""What is searched: collections, their items, and the one service layer that every writer goes through."""
