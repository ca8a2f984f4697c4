"""How often an episode was fetched, counted without people: sums by day are kept, and nothing about anybody who listened."""
