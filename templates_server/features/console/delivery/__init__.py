"""The console's pages of an environment's delivery: scenarios edited, reviewed, pushed, compared, rolled back."""
