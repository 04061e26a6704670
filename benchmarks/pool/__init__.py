"""How well the adaptive pool uses a machine: against what its peers do, and against what could be known."""
