"""How output looks at a terminal: tables, diffs, trees, progress, choices. Pipes and files get plain text."""
