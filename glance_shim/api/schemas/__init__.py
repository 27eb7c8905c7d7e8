"""The documents that go over the wire, as marshmallow classes.

They check what comes in, describe the API (OpenAPI and ``/v2/schemas``), and
are the reference for what goes out.
"""
