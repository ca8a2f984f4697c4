"""Sound for tests: recipes that make recordings, and meters that we did not write."""
