"""What the service does; knows no HTTP, no SQL and no files."""
