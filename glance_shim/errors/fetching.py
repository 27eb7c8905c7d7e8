"""Data that is fetched from elsewhere."""

from __future__ import annotations

from glance_shim.errors.families import Invalid


class RefusedURL(Invalid):
    message = "The URL {url} cannot be fetched: {reason}"


class SourceFailed(Invalid):
    message = "The source failed: {reason}"
