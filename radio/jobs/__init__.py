"""Work that outlives a request: a row that is the truth, and a carrier that says a row can run."""
