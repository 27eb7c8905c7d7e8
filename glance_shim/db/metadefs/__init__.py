"""Queries on metadata definitions."""
