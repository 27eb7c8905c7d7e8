"""The metadata definitions that come with the program."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from glance_shim.cli import metadefs as command
from glance_shim.core import signatures

FILES = sorted(command.OWN.glob("*.json"))
NAMESPACES: dict[str, dict[str, Any]] = {
    document["namespace"]: document
    for document in (json.loads(file.read_text("utf-8")) for file in FILES)
}

KEYS = {
    "namespace",
    "display_name",
    "description",
    "visibility",
    "protected",
    "resource_type_associations",
    "properties",
    "objects",
}
PRIVATE = {"OS::Glance::CommonImageProperties", "OS::OperatingSystem"}
UNPROTECTED = {"OS::Compute::AggregateNumInstancesFilter", "OS::Glance::Signatures"}
OPERATORS = {"<or>", "<all-in>"}
VALUES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}

# What can be set on images, with its prefix, by the namespace that describes it.
ON_IMAGES = {
    "CIM::ProcessorAllocationSettingData": "CIM_PASD_InstructionSet "
    "CIM_PASD_InstructionSetExtensionName CIM_PASD_ProcessorArchitecture",
    "OS::Cinder::Volumetype": "cinder_img_volume_type",
    "OS::Compute::CPUPinning": "hw_cpu_policy hw_cpu_thread_policy",
    "OS::Compute::GuestMemoryBacking": "hw_mem_page_size",
    "OS::Compute::GuestShutdownBehavior": "os_shutdown_timeout",
    "OS::Compute::Hypervisor": "hypervisor_type vm_mode",
    "OS::Compute::InstanceData": "img_config_drive os_require_quiesce",
    "OS::Compute::Libvirt": "hw_boot_menu hw_mem_encryption hw_mem_encryption_model "
    "hw_serial_port_count hw_virtio_packed_ring",
    "OS::Compute::LibvirtImage": "hw_cdrom_bus hw_disk_bus hw_firmware_stateless "
    "hw_firmware_type hw_input_bus hw_machine_type hw_pmu hw_pointer_model "
    "hw_qemu_guest_agent hw_rescue_bus hw_rescue_device hw_rng_model hw_scsi_model "
    "hw_video_model hw_video_ram hw_vif_model hw_vif_multiqueue_enabled "
    "img_hide_hypervisor_id os_command_line os_secure_boot os_type",
    "OS::Compute::TPM": "hw_tpm_model hw_tpm_version",
    "OS::Compute::VMware": "hw_video_ram hw_vif_model hw_vif_multiqueue_enabled "
    "img_linked_clone vmware_adaptertype vmware_disktype vmware_ostype",
    "OS::Compute::VTPM": "traits:COMPUTE_SECURITY_TPM_1_2 traits:COMPUTE_SECURITY_TPM_2_0",
    "OS::Compute::VirtCPUTopology": "hw_cpu_cores hw_cpu_max_cores hw_cpu_max_sockets "
    "hw_cpu_max_threads hw_cpu_sockets hw_cpu_threads",
    "OS::Compute::Watchdog": "hw_watchdog_action",
    "OS::Compute::XenAPI": "auto_disk_config",
    "OS::Glance::Signatures": "img_signature img_signature_certificate_uuid "
    "img_signature_hash_method img_signature_key_type",
    "OS::OperatingSystem": "os_admin_user os_distro os_version",
    "OS::Software::DBMS": "Apache Cassandra,CouchDB,Couchbase Server,DB2,HBase,Hazlecast,"
    "MongoDB,MySQL,Oracle,PostgreSQL,Redis,SQL Server",
    "OS::Software::Runtimes": "Java,PHP,Perl,Python,Ruby",
    "OS::Software::WebServers": "Apache HTTP Server,IIS,Nginx",
}


def properties(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    described = [document, *document.get("objects", ())]
    return [pair for each in described for pair in each.get("properties", {}).items()]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_says_everything_once(file: Path) -> None:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        assert len(set(names)) == len(names)
        return dict(pairs)

    document = json.loads(file.read_text("utf-8"), object_pairs_hook=unique)

    assert command.read(file)["namespace"] == document["namespace"]
    assert set(document) <= KEYS
    assert KEYS - {"resource_type_associations", "properties", "objects"} <= set(document)
    assert 20 < len(document["description"]) <= 500
    assert len(document["namespace"]) <= 80 and len(document["display_name"]) <= 80
    for kind in ("objects", "resource_type_associations"):
        names = [each["name"] for each in document.get(kind, ())]
        assert len(set(names)) == len(names)
        assert all(len(name) <= 80 for name in names)


@pytest.mark.parametrize("name", sorted(NAMESPACES))
def test_every_property_is_described_and_consistent(name: str) -> None:
    found = properties(NAMESPACES[name])

    assert found
    for key, definition in found:
        assert definition["title"] and len(key) <= 80, key
        assert len(definition["description"]) > 10 and definition["description"][-1] == ".", key
        assert set(definition.get("operators", ())) <= OPERATORS, key
        enum = definition.get("enum", [])
        assert len(set(enum)) == len(enum), key
        if "default" in definition:
            assert not enum or definition["default"] in enum, key
            assert isinstance(definition["default"], VALUES[definition["type"]]), key
        if definition["type"] == "array":
            assert definition["items"]["type"] == "string", key
        else:
            assert "items" not in definition, key


def test_nobody_is_shown_or_deletes_more_than_is_meant() -> None:
    shown = {name: each["visibility"] for name, each in NAMESPACES.items()}
    kept = {name: each["protected"] for name, each in NAMESPACES.items()}

    assert {name for name, visibility in shown.items() if visibility != "public"} == PRIVATE
    assert {name for name, protected in kept.items() if not protected} == UNPROTECTED


def test_they_apply_to_what_they_are_for() -> None:
    types = Counter(
        each["name"]
        for document in NAMESPACES.values()
        for each in document.get("resource_type_associations", ())
    )

    assert types == {
        "OS::Glance::Image": 20,
        "OS::Nova::Flavor": 16,
        "OS::Cinder::Volume": 12,
        "OS::Nova::Aggregate": 8,
        "OS::Nova::Server": 4,
        "OS::Trove::Instance": 1,
    }


def test_what_can_be_set_on_images_is_described() -> None:
    found = {}
    for name, document in NAMESPACES.items():
        for each in document.get("resource_type_associations", ()):
            if each["name"] == "OS::Glance::Image":
                keys = [each.get("prefix", "") + key for key in document.get("properties", ())]
                objects = [held["name"] for held in document.get("objects", ())]
                found[name] = " ".join(sorted(keys)) or ",".join(sorted(objects))

    assert found == ON_IMAGES


def test_signed_images_are_described_as_they_are_verified() -> None:
    described = NAMESPACES["OS::Glance::Signatures"]["properties"]

    assert set(described[signatures.KEY_TYPE]["enum"]) == set(signatures.KEY_TYPES)
    assert set(described[signatures.HASH_METHOD]["enum"]) == set(signatures.HASHES)
    assert {signatures.SIGNATURE, signatures.CERTIFICATE} < set(described)
