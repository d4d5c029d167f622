"""The new zip: its format, the draft that becomes it, and the check of what was written."""
