"""Charts of other fields than banking: an order, a CI job, a document."""
