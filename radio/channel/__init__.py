"""What leaves the station now: playlists, segments, the MP3 stream, what is on."""
