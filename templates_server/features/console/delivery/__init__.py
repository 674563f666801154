"""The console's pages of what an environment delivers: scenarios edited, reviewed, pushed, compared, rolled back."""
