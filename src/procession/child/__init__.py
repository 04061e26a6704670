"""REPORTS: what a program under our care imports to speak about itself. Standard library only."""
