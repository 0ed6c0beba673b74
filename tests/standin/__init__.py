"""A stand-in for Discord's gateway: see README.md."""
