"""How well pictures of one chart can be read, measured in a browser."""
