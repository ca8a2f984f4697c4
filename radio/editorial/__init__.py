"""Decisions about what goes out: submitting, publishing, withdrawing, erasing; and the trail they leave."""
