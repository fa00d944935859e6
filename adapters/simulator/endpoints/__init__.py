"""What each endpoint of the API does."""
