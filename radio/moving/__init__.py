"""Moving in and out: a show from elsewhere becomes ours, ours go elsewhere, and nothing is half done."""
