"""Run identity, the run folder, provenance, and the table of all runs."""
