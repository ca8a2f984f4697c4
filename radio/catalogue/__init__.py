"""What we have: shows, episodes, recordings, renditions, tags. A person finds and describes programmes here."""
