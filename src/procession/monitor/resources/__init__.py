"""What all trees use, in one pass: the sampler, graphics processors, and what is kept of the past."""
