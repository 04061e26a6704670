"""SHOWS: the command line, one file per verb. Thin: it asks the rooms below and shows what they say."""
