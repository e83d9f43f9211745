"""NinjaAPI that speaks JSON throughout: orjson in and out, also for what never reaches an operation."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import orjson
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.urls import URLPattern, URLResolver, re_path
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.parser import Parser
from ninja.renderers import BaseRenderer

from catalog.errors import InvalidInput
from catalog.http import ErrorBody
from catalog.json_text import read_json, write_json
from config.http.api_errors import error_response
from config.http.described_errors import describe_errors
from config.server.limits import body_bytes

View = Callable[..., HttpResponseBase]

ERROR_SCHEMAS = ErrorBody.model_json_schema(ref_template="#/components/schemas/{model}")


class OrjsonParser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        try:
            return read_json(request.body)
        except orjson.JSONDecodeError as error:
            raise InvalidInput(f"The body is not JSON: {error}.") from error


class OrjsonRenderer(BaseRenderer):
    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return write_json(data)


class JsonAPI(NinjaAPI):
    """Adds JSON answers for unknown paths and methods, and says in OpenAPI what holds for every operation."""

    def __init__(self, **options: Any) -> None:
        super().__init__(parser=OrjsonParser(), renderer=OrjsonRenderer(), **options)

    @property
    def urls(self) -> tuple[list[URLResolver | URLPattern], str, str]:
        patterns, app_name, namespace = super().urls
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                pattern.callback = _in_json(pattern.callback)
        return [*patterns, re_path("", unknown_path)], app_name, namespace

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(self, *args: Any, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(*args, **options)
        schema["components"]["schemas"] |= ERROR_SCHEMAS["$defs"]
        schema["components"]["schemas"]["ErrorBody"] = {k: v for k, v in ERROR_SCHEMAS.items() if k != "$defs"}
        for path, operations in schema["paths"].items():
            for method, operation in operations.items():
                describe_errors(path, method, operation)
                _open_to_strangers(operation)
        return schema


def _open_to_strangers(operation: dict[str, Any]) -> None:
    """Reading needs no key."""
    if {} not in operation.get("security", [{}]):
        operation["security"] = [{}, *operation["security"]]


def unknown_path(request: HttpRequest) -> HttpResponse:
    """Answers what no route takes."""
    return error_response(404, "not_found", f"There is nothing at {request.path}.")


unknown_path.csrf_exempt = True  # type: ignore[attr-defined]


def _length(request: HttpRequest) -> int:
    """Bytes of the body as announced; what is sent beyond that is not read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isascii() and length.isdigit() else 0


def _in_json(view: View) -> View:
    @functools.wraps(view, assigned=())
    def answer(request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
        if _length(request) > body_bytes(request.path_info, has_session=False):
            return error_response(413, "too_large", "The body is too large for this path.")
        if request.method == "HEAD":
            return _headers_alone(view, request, *args, **options)
        try:
            response = view(request, *args, **options)
        except Http404:
            return unknown_path(request)
        except SuspiciousOperation:  # what Django does not read on principle
            return error_response(400, "bad_request", "The request has too many parameters or is not well-formed.")
        return _refusal(request, response) if isinstance(response, HttpResponseNotAllowed) else response

    return answer


def _headers_alone(view: View, request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
    """HEAD is GET without the body."""
    request.method = "GET"
    try:
        response = _in_json(view)(request, *args, **options)
    finally:
        request.method = "HEAD"
    if isinstance(response, HttpResponse):
        response["Content-Length"] = str(len(response.content))
        response.content = b""
    return response


def _refusal(request: HttpRequest, response: HttpResponseBase) -> HttpResponse:
    refusal = error_response(405, "method_not_allowed", f"{request.method} is not possible here.")
    refusal["Allow"] = response["Allow"]
    return refusal
