"""Metadata definitions: what properties of images and other resources mean.

A namespace holds objects, properties and tags, and is associated with the
resource types that it is about. Visibility, owner and protection are the
namespace's; who does not see it finds nothing that it holds.
"""
