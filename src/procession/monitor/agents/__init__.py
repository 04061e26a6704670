"""What clients of coding agents say of themselves: session, tool, usage, limits, their end, and how they go on."""
