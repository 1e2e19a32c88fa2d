"""How resources are declared: one blueprint each under `/api/v1`, documented where it is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import marshmallow as ma
from flask_smorest import Blueprint

from service.api.shapes import ProblemShape
from service.query import Query

Function = TypeVar("Function", bound=Callable[..., Any])
PREFIX = "/api/v1"
VIEW_ERRORS = (401, 406, 422, 429, 503)


class Resource(Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """A blueprint whose decorators say that they keep the type of what they decorate."""

    def route(self, rule: str, **options: Any) -> Callable[[Function], Function]:
        """Register a view function."""
        return cast(Callable[[Function], Function], super().route(rule, **options))

    def arguments(self, schema: Any, **options: Any) -> Callable[[Function], Function]:
        """Parse and document parameters, unknown ones refused; the function gets them as a dict."""
        return cast(Callable[[Function], Function], super().arguments(schema, unknown=ma.RAISE, **options))

    def response(self, status: int, schema: Any = None, **options: Any) -> Callable[[Function], Function]:
        """Document the answer; view functions write it themselves."""
        return cast(Callable[[Function], Function], super().response(status, schema, **options))

    def doc(self, **options: Any) -> Callable[[Function], Function]:
        """Add to the description of a call."""
        return cast(Callable[[Function], Function], super().doc(**options))


def blueprint(name: str, about: str) -> Resource:
    """The blueprint of one resource."""
    return Resource(name, name, url_prefix=PREFIX, description=about)


def plain(blueprint: Resource) -> Callable[[Function], Function]:
    """Refuse query parameters: the call takes none."""
    return blueprint.arguments(Query, location="query", as_kwargs=True)


def fails(blueprint: Resource, *statuses: int) -> Callable[[Function], Function]:
    """Document the errors of a call."""

    def decorate(function: Function) -> Function:
        for status in statuses:
            function = blueprint.alt_response(status, schema=ProblemShape, content_type="application/problem+json")(
                function
            )
        return function

    return decorate
