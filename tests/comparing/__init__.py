"""Two sides compared."""
