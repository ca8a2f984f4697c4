"""People: who is invited, who they are to the station, how they sign in."""
