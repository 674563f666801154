"""The model of a Space in the console."""
