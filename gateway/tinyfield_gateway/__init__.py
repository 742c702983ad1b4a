"""The operator's side of tinyfield: ingest, store, dashboard."""
