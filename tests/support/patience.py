"""How long the tests wait. The times that they name are what a quiet machine could need at most; one that is slow or busy needs
longer, and nothing is broken. Only a test that fails waits so long."""

PATIENCE = 4
