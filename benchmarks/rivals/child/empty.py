"""Nothing: what `-m` itself costs."""
