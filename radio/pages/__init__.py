"""The public site: listening, the schedule, shows, episodes, search."""
