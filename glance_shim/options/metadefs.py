"""Options of metadata definitions."""

from __future__ import annotations

from oslo_config import cfg

OPTIONS: dict[str, list[cfg.Opt]] = {
    "DEFAULT": [
        cfg.StrOpt(
            "metadata_source_path",
            help="Directory of JSON files with namespaces, for 'glance-shim metadefs load'; "
            "default: those that come with this program.",
        ),
        cfg.IntOpt(
            "metadef_namespace_limit",
            default=1000,
            help="Namespaces in all; negative means unlimited.",
        ),
        cfg.IntOpt(
            "metadef_object_limit",
            default=200,
            help="Objects of one namespace; negative means unlimited.",
        ),
        cfg.IntOpt(
            "metadef_property_limit",
            default=200,
            help="Properties of one namespace, and of one object; negative means unlimited.",
        ),
        cfg.IntOpt(
            "metadef_tag_limit",
            default=500,
            help="Tags of one namespace; negative means unlimited.",
        ),
    ],
}
