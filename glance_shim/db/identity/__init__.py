"""Queries on users, projects, role assignments, application credentials and tokens."""
