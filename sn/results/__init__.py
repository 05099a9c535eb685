"""Results: from the numbers of a run to records, tables and files."""
