"""Traces by OpenTelemetry, where its packages are installed; without them nothing is traced and nothing is missing."""

from __future__ import annotations

from flask import Flask


def install(app: Flask) -> bool:
    """A span for every request; where they go is set by OpenTelemetry's own `OTEL_` variables.

    Whether its instrumentation of Flask was found.
    """
    try:
        from opentelemetry.instrumentation.flask import FlaskInstrumentor
    except ImportError:
        return False
    FlaskInstrumentor().instrument_app(app)  # type: ignore[no-untyped-call]
    return True
