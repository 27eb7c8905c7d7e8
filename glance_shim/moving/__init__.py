"""Whole catalogues on their way from one image service to another.

`own.Own` is the catalogue of this deployment, `service.Service` that of any
service that speaks the Image API v2; `copying` brings what one has into the
other, and does not know which is which.
"""
