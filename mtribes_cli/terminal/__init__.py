"""What is shown to a person, and what a person types."""
