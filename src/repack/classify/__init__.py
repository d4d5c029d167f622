"""What an entry is: facts, references, rules, verdicts."""
