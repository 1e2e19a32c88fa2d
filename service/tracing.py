"""Traces by OpenTelemetry, where its packages are installed and its variables say where traces go; else nothing."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask


def install(app: Flask, environment: Mapping[str, str]) -> bool:
    """A span for every request, when an `OTEL_` variable asks for any; whether spans are made."""
    if not any(name.startswith("OTEL_") for name in environment) or environment.get("OTEL_SDK_DISABLED") == "true":
        return False
    try:
        from opentelemetry.instrumentation.flask import FlaskInstrumentor
    except ImportError:
        return False
    FlaskInstrumentor().instrument_app(app)  # type: ignore[no-untyped-call]
    return True
