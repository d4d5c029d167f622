"""What people see: the terminal now, more views of the same plan and manifest later."""
