"""The files for containers, systemd and Kubernetes fit the program: its arguments, settings, paths,
and the time that it takes to stop."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from relink.adapters.cli import read
from relink.adapters.gateway.live import ATTEMPT_TIMEOUT
from relink.adapters.http import Metrics, application
from relink.adapters.runner.worker import CLOSE_WITHIN
from relink.adapters.settings import SETTINGS
from relink.adapters.settings.waits import DEFAULT_WAITS
from relink.adapters.store.migrating import LONGEST

from ..rig import Rig

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
ROOT = EXAMPLES.parents[1]

LONGEST_STOP = DEFAULT_WAITS.drain + max(ATTEMPT_TIMEOUT, DEFAULT_WAITS.notification) + CLOSE_WITHIN
"""Seconds that a process may take from SIGTERM to its end."""

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

NAMES = {setting.name for setting in SETTINGS}
SECRET = {setting.name for setting in SETTINGS if setting.is_secret}


def accepts(arguments: list[str]) -> Any:
    """What relink makes of arguments; the test fails if it refuses them."""
    return read(arguments)


def test_what_the_page_says_about_stopping_is_enough() -> None:
    page = (ROOT / "docs" / "deploying.md").read_text()
    (allowed,) = re.findall(r"Allow it (\d+) seconds", page)
    assert int(allowed) >= LONGEST_STOP
    assert f"({DEFAULT_WAITS.drain:g} seconds)" in page
    assert f"up to {ATTEMPT_TIMEOUT:g} seconds" in page


# ── the container ────────────────────────────────────────────────────────────


def instructions() -> list[tuple[str, str]]:
    """The instructions of the container file, and their values."""
    text = (EXAMPLES / "container" / "Containerfile").read_text()
    text = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.M))
    return [(name, value) for name, _, value in (x.partition(" ") for x in text.split("\n") if x)]


def last(name: str) -> str:
    return [value for found, value in instructions() if found == name][-1]


def test_the_image_runs_without_root_and_relink_is_its_first_process() -> None:
    names = [name for name, _ in instructions()]
    user, group = last("USER").split(":")
    assert int(user) > 0
    assert int(group) > 0
    assert names.index("USER") > len(names) - 1 - names[::-1].index("RUN"), "root only builds"
    assert last("STOPSIGNAL") == "SIGTERM"
    assert json.loads(last("ENTRYPOINT")) == ["relink"]
    arguments = accepts(json.loads(last("CMD")))
    assert str(arguments.port) == last("EXPOSE")
    assert last("WORKDIR") == last("VOLUME"), "relink.db is in the working folder"


def test_the_image_holds_no_secret_and_fetches_nothing_but_packages() -> None:
    for name, value in instructions():
        assert name not in ("ADD", "ARG"), "an image keeps what it is built with"
        assert "://" not in value
        if name == "ENV":
            assert not {each.partition("=")[0] for each in value.split()} & NAMES
        if name == "FROM":
            assert re.fullmatch(r"python:3\.\d+-slim( AS build)?", value), "no host"
        if name == "COPY" and not value.startswith("--from="):
            *sources, _ = value.split()
            assert all((ROOT / source).exists() for source in sources)


def test_the_image_has_the_extras_that_its_commands_need() -> None:
    (run,) = (value for name, value in instructions() if name == "RUN" and "pip" in value)
    (extras,) = re.findall(r'"\.\[([a-z,]+)\]"', run)
    assert set(extras.split(",")) == {"service", "postgres"}
    assert set(extras.split(",")) <= PROJECT["optional-dependencies"].keys()


def test_the_package_is_built_from_what_the_image_copies(tmp_path: Path) -> None:
    for name, value in instructions():
        if name == "COPY" and not value.startswith("--from="):
            *sources, target = value.split()
            for source in sources:
                to = tmp_path / target / source if target == "./" else tmp_path / target
                copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
                copy(ROOT / source, to)  # type: ignore[operator]
    command = [sys.executable, "-W", "ignore", "setup.py", "-q", "bdist_wheel"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    assert wheel.stat().st_size > 100_000


# ── systemd ──────────────────────────────────────────────────────────────────

UNITS = sorted((EXAMPLES / "systemd").glob("*.service"))

KEYS = {
    "Unit": {"Description", "Wants", "After", "StartLimitIntervalSec"},
    "Service": {
        *("Type", "User", "Group", "EnvironmentFile", "StateDirectory", "StateDirectoryMode"),
        *("WorkingDirectory", "ExecStart", "Restart", "RestartSec", "KillSignal"),
        *("TimeoutStopSec", "TimeoutStartSec", "LimitNOFILE", "UMask"),
        *("NoNewPrivileges", "CapabilityBoundingSet", "AmbientCapabilities", "ProtectSystem"),
        *("ProtectHome", "ProtectClock", "ProtectControlGroups", "ProtectHostname"),
        *("ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables", "ProtectProc"),
        *("PrivateDevices", "PrivateTmp", "PrivateUsers", "LockPersonality"),
        *("MemoryDenyWriteExecute", "RemoveIPC", "RestrictAddressFamilies", "RestrictNamespaces"),
        *("RestrictRealtime", "RestrictSUIDSGID", "SystemCallArchitectures", "SystemCallFilter"),
        "SystemCallErrorNumber",
    },
    "Install": {"WantedBy"},
}
"""What systemd knows, by section: as far as the units use it."""


def unit(file: Path) -> dict[str, dict[str, str]]:
    """The sections of a unit. A key that systemd does not know there fails the test."""
    found: dict[str, dict[str, str]] = {}
    section = ""
    for line in file.read_text().splitlines():
        if match := re.fullmatch(r"\[(\w+)\]", line):
            section = match[1]
            assert section not in found
            found[section] = {}
        elif line and not line.startswith("#"):
            key, equals, value = line.partition("=")
            assert equals, line
            assert key in KEYS[section], f"[{section}] has no {key}"
            assert key not in found[section], f"{key} is there twice"
            found[section][key] = value
    return found


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_a_unit_runs_relink_hardened_and_lets_it_stop(file: Path) -> None:
    service = unit(file)["Service"]
    program, *arguments = shlex.split(service["ExecStart"])
    assert program == "/opt/relink/bin/relink"
    command = accepts(arguments).command
    assert file.name == f"relink-{command}.service"
    assert service["User"] not in ("root", "0")
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    if command == "migrate":
        assert int(service["TimeoutStartSec"]) >= LONGEST
        return
    assert service["Restart"] == "on-failure"
    assert service["KillSignal"] == "SIGTERM"
    assert int(service["TimeoutStopSec"]) >= LONGEST_STOP
    if command == "serve":
        assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_a_unit_is_accepted_by_systemd_where_it_is_installed(file: Path, tmp_path: Path) -> None:
    parsed = unit(file)
    assert parsed["Service"]["Type"] in ("exec", "oneshot")
    if verify := shutil.which("systemd-analyze"):
        program = Path(sys.executable).with_name("relink")
        copy = tmp_path / file.name
        copy.write_text(file.read_text().replace("/opt/relink/bin/relink", str(program)))
        done = subprocess.run(
            [verify, "verify", str(copy)], capture_output=True, text=True, timeout=30
        )
        about = [line for line in done.stderr.splitlines() if file.name in line]
        assert (done.returncode, about) == (0, [])


def test_the_environment_file_has_settings_without_secrets() -> None:
    lines = (EXAMPLES / "systemd" / "relink.env").read_text().splitlines()
    values = dict(x.partition("=")[::2] for x in lines if x and not x.startswith("#"))
    assert values.keys() <= NAMES
    assert not any(values[name] for name in values.keys() & SECRET)
    for file in UNITS:
        assert unit(file)["Service"]["EnvironmentFile"] == "/etc/relink/relink.env"


# ── Kubernetes ───────────────────────────────────────────────────────────────


def manifests(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((EXAMPLES / "kubernetes" / name).read_text()))


MANIFESTS = [x for name in ("sqlite.yaml", "postgres.yaml") for x in manifests(name)]
PODS = [
    (f"{each['kind']}/{each['metadata']['name']}", each["spec"])
    for each in MANIFESTS
    if each["kind"] in ("Deployment", "Job")
]
(KEPT,) = manifests("secret.yaml")


@pytest.fixture(scope="module")
def paths() -> Iterator[set[str]]:
    """The paths of the application."""
    with Rig() as rig:
        app = application(rig.service, token="t", ready=lambda: None, metrics=Metrics())
        yield set(app.openapi()["paths"])


@pytest.mark.parametrize("spec", [spec for _, spec in PODS], ids=[name for name, _ in PODS])
def test_a_pod_fits_the_program(spec: dict[str, Any], paths: set[str]) -> None:
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == f"relink:{PROJECT['version']}"
    arguments = accepts(container["args"])
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert f"{pod['securityContext']['runAsUser']}" == last("USER").split(":")[0]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["enableServiceLinks"] is False, "RELINK_PORT would be taken for a setting"
    assert pod["automountServiceAccountToken"] is False
    if arguments.command == "migrate":
        return
    pause = container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ())
    waited = float(pause[1]) if pause else 0.0
    assert pod["terminationGracePeriodSeconds"] >= LONGEST_STOP + waited
    (port,) = container["ports"]
    if arguments.command == "work":
        assert port["containerPort"] == arguments.metrics_port
        return
    assert port["containerPort"] == arguments.port
    probes = {kind: container[f"{kind}Probe"] for kind in ("startup", "liveness", "readiness")}
    for kind, path in (("startup", "/livez"), ("liveness", "/livez"), ("readiness", "/healthz")):
        assert probes[kind]["httpGet"] == {"path": path, "port": port["name"]}
        assert path in paths


@pytest.mark.parametrize("spec", [spec for _, spec in PODS], ids=[name for name, _ in PODS])
def test_every_variable_is_a_setting_and_a_secret_comes_from_the_secret(
    spec: dict[str, Any],
) -> None:
    (container,) = spec["template"]["spec"]["containers"]
    for variable in container["env"]:
        assert variable["name"] in NAMES
        if variable["name"] in SECRET:
            reference = variable["valueFrom"]["secretKeyRef"]
            assert reference["name"] == KEPT["metadata"]["name"]
            assert reference["key"] in KEPT["stringData"]
    given = {variable["name"] for variable in container["env"]}
    if container["args"][0] == "serve":
        assert {"STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET", "RELINK_API_TOKEN"} <= given
    if container["args"][0] == "work":
        assert {"STRIPE_API_KEY", "RELINK_DATABASE_URL"} <= given


def test_the_secret_has_no_values() -> None:
    assert set(KEPT["stringData"].values()) == {""}


def test_sqlite_has_one_process_that_stops_before_the_next_starts() -> None:
    claim, deployment, service = manifests("sqlite.yaml")
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}
    pod = deployment["spec"]["template"]["spec"]
    (volume,) = pod["volumes"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    (mount,) = pod["containers"][0]["volumeMounts"]
    assert (mount["name"], mount["mountPath"]) == (volume["name"], last("WORKDIR"))
    startup = pod["containers"][0]["startupProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] > DEFAULT_WAITS.predecessor
    assert service["spec"]["selector"] == deployment["spec"]["template"]["metadata"]["labels"]


def test_a_selector_selects_the_pods_of_its_deployment() -> None:
    for each in MANIFESTS:
        if each["kind"] == "Deployment":
            labels = each["spec"]["template"]["metadata"]["labels"]
            assert each["spec"]["selector"]["matchLabels"] == labels
