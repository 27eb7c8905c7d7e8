"""HTTP in and out: the Image API v2 and the Identity API v3."""
