"""Sound, files and objects: all that the station knows of audio, and nothing of people, shows or time."""
