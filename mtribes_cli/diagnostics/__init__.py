"""What `mtribes doctor` looks at: checks that find out one thing each, and can neither end nor hold up one another."""
