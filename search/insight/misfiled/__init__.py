"""In come items with the values they are filed under, out come those that read like another value, or like nothing."""
