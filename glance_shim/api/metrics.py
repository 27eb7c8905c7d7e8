"""What Prometheus reads at ``/metrics``.

Every process of a server counts in a file of its own below ``state_path``, and
whichever is asked adds them up. What is in the database is counted there when
it is asked for, and is the same on every host. The names of routes are labels,
paths are not, so that nobody can make up new ones.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask

from glance_shim import errors
from glance_shim.api import at_hand, credentials
from glance_shim.api.auditing import known_method
from glance_shim.context import Deployment
from glance_shim.core import figures

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600)
FORWARDED = ("X-Forwarded-For", "Forwarded")

# Counting many images takes a while, and whoever asks often need not do it often.
FRESH_SECONDS = 10.0


def prepare(config: Any) -> None:
    """Make the place where the processes of a server count, empty, before there are any."""
    if not config.metrics.allowed_networks:
        return
    directory = Path(config.state_path, f"metrics-{config.bind_port}")
    shutil.rmtree(directory, ignore_errors=True)
    try:
        directory.mkdir(mode=0o700, parents=True)
    except OSError as exc:
        raise errors.ConfigurationError(
            reason=f"{directory}, for metrics, cannot be made: {exc.strerror}"
        ) from exc
    os.environ[DIRECTORY] = str(directory)


@dataclasses.dataclass(frozen=True)
class Counters:
    """What is counted of every request."""

    registry: Any
    requests: Any
    seconds: Any
    received: Any
    sent: Any


_counters: list[Counters] = []
_making = threading.Lock()


def counters() -> Counters:
    """The counters of this process, made when they are first asked for.

    Raises `errors.ConfigurationError` where the library is missing.
    """
    with _making:
        if not _counters:
            _counters.append(_made())
        return _counters[0]


def _made() -> Counters:
    # Only where it is used: it need not be installed, and reads the environment at once.
    try:
        import prometheus_client as prometheus
    except ImportError as exc:
        raise errors.ConfigurationError(
            reason="[metrics] needs prometheus-client: pip install 'glance-shim[metrics]'"
        ) from exc
    registry = prometheus.CollectorRegistry()
    labels = ("method", "route")
    return Counters(
        registry,
        prometheus.Counter(
            "glance_shim_http_requests",
            "Requests that were answered.",
            (*labels, "code"),
            registry=registry,
        ),
        prometheus.Histogram(
            "glance_shim_http_request_duration_seconds",
            "Time from a request to its answer, without the sending of data.",
            labels,
            buckets=BUCKETS,
            registry=registry,
        ),
        prometheus.Counter(
            "glance_shim_http_received_bytes", "Bytes of request bodies.", registry=registry
        ),
        prometheus.Counter(
            "glance_shim_http_sent_bytes", "Bytes of answers, as announced.", registry=registry
        ),
    )


def begin() -> None:
    """A request has come."""
    at_hand.g().began = time.monotonic()


def count(response: flask.Response) -> flask.Response:
    """A request is answered."""
    request, made = at_hand.request(), counters()
    route = request.url_rule.rule if request.url_rule else "none"
    method = known_method()
    made.requests.labels(method, route, str(response.status_code)).inc()
    began = at_hand.g().get("began")
    if began is not None:
        made.seconds.labels(method, route).observe(time.monotonic() - began)
    made.received.inc(at_hand.g().get("received", request.content_length or 0))
    if request.method != "HEAD":
        made.sent.inc(response.content_length or 0)
    return response


class Figures:
    """What the database knows, as metrics; asked for once in `FRESH_SECONDS` at most."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._asked = -FRESH_SECONDS
        self._known: list[figures.Figure] = []

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily

        if time.monotonic() - self._asked >= FRESH_SECONDS:
            self._known = figures.all_of(self._deployment)
            self._asked = time.monotonic()
        for each in self._known:
            label = [each.label] if each.label else []
            family = GaugeMetricFamily(f"glance_shim_{each.name}", each.help, labels=label)
            for value, number in each.values.items():
                family.add_metric([value] if each.label else [], number)
            yield family


def metrics() -> flask.Response:
    """Everything that is counted, for who may see it; there is nothing for anybody else."""
    networks = at_hand.deployment().config.metrics.allowed_networks
    forwarded = any(name in at_hand.request().headers for name in FORWARDED)
    if forwarded or not credentials.is_from(networks):
        flask.abort(404)
    import prometheus_client as prometheus
    from prometheus_client import multiprocess

    registry = prometheus.CollectorRegistry()
    registry.register(at_hand.app().config["figures"])
    parts = [prometheus.generate_latest(registry)]
    counted = counters().registry
    if DIRECTORY in os.environ:
        counted = prometheus.CollectorRegistry()
        multiprocess.MultiProcessCollector(counted)
    parts.append(prometheus.generate_latest(counted))
    return flask.Response(b"".join(parts), content_type=prometheus.CONTENT_TYPE_LATEST)


def register(app: flask.Flask, deployment: Deployment) -> None:
    """Let ``app`` count its requests, if anybody may read what is counted."""
    if not deployment.config.metrics.allowed_networks:
        return
    counters()
    app.config["figures"] = Figures(deployment)
    app.add_url_rule("/metrics", view_func=metrics, methods=["GET"])
    app.before_request(begin)
    app.after_request(count)
