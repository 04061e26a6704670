"""PRESERVES: what tasks have saved of their work, in files that people can read and that outlive everything else.

Not here: asking a task to save, and starting it again from what it saved.
"""
