"""Asks PostgreSQL how it carries out what the programme asks of it, on a large made-up base."""
