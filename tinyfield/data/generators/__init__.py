"""Physics that stands in for recordings: it makes traces with their truth."""
