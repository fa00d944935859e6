"""A storm: many links break at once, with workers running on PostgreSQL (case 25)."""
