"""The same thing entered twice: candidates, evidence, score, decisions."""
