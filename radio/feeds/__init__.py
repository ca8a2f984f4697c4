"""What podcast apps read and download: RSS, enclosures."""
