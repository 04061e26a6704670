"""What a daemon costs: while it does nothing, while its tasks talk, when it is asked."""
