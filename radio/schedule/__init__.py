"""When things are on: slots by the wall clock, and the rundown that is compiled from them, proved and frozen."""
