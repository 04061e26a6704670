"""The pool on the real machine: real processes, real memory, a real limit, and the kernel as the judge."""
