"""The files in ``etc`` say what the program does."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from glance_shim import config
from glance_shim.cli.config import sample_text as options_text
from glance_shim.cli.policy import sample_text as rules_text
from glance_shim.policy import enforcer

ETC = Path(__file__).parent.parent / "etc"


@pytest.mark.parametrize(
    "name, text",
    [("glance-shim.conf.sample", options_text), ("policy.yaml.sample", rules_text)],
)
def test_a_sample_is_what_the_program_would_write_today(name, text):
    assert (ETC / name).read_text() == text()


def test_the_rules_of_the_sample_can_be_used_as_they_are(tmp_path):
    lines = (ETC / "policy.yaml.sample").read_text().splitlines()
    policy = tmp_path / "policy.yaml"
    policy.write_text("\n".join(line[1:] for line in lines if line.startswith('#"')))

    loaded = enforcer.load(str(policy))

    assert loaded.overridden == {rule.name for rule in enforcer.rules.RULES}


def test_the_options_of_the_sample_can_be_used_as_they_are():
    assert config.load([str(ETC / "glance-shim.conf.sample")]).bind_port == 9292


@pytest.mark.parametrize("path", sorted(ETC.glob("clouds-*.yaml")), ids=lambda path: path.name)
def test_a_clouds_sample_names_its_clouds(path):
    clouds = yaml.safe_load(path.read_text())["clouds"]

    assert all("auth_type" in cloud for cloud in clouds.values())
