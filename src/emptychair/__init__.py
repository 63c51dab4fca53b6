"""Empty Chair: the Net Promoter method as a library."""
