"""From a finished zip back to the originals: restore, verify, and what both know of it."""
