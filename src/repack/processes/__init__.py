"""Worker processes, what they are told and answer, and interrupts."""
