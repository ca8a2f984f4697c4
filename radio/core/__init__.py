"""The vocabulary without tables: time, people, text, ids. Pure."""
