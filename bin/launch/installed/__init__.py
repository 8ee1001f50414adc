"""Programs that the launcher runs with the environment's own Python: here alone third-party modules may be imported."""
