"""One folder per benchmark, one file per rival; each is a program of its own, started anew for every round."""
