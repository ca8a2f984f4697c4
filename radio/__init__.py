"""Peer Radio: people, shows and time. The station that stands on `media`."""

__version__ = "0.1.0"
