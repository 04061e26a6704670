"""How well policies of admission use a machine: many tasks, simulated, under the production code and under peers."""
