"""Progress from the unmodified output of programs: frames, known formats, patterns that look like progress."""
