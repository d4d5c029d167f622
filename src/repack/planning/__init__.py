"""Verdicts + wishes + guards -> decisions: what will be done to each entry, and why."""
