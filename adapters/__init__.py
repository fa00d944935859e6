"""The world around the machines."""
