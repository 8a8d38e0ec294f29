"""A mail relay's own log, read line by line: which of our letters it names, and what it says of each."""
