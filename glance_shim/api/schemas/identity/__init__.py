"""How the Identity API v3 looks on the wire."""
