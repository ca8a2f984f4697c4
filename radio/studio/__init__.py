"""The producers' dashboard: upload, describe, submit, see what happens."""
