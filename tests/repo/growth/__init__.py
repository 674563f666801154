"""How the time of patterns and readers of sent text grows with the length of the text."""
