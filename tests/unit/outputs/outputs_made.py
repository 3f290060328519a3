"""Messages, bundles and notebooks as kernels and pages make them."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PIXEL_BYTES = b64decode(PIXEL)
SECRET = "SECRET-OF-THE-WORKSPACE"


def header(kind: str, msg_id: str = "a1b2_1") -> dict[str, Any]:
    return {
        "msg_id": msg_id,
        "msg_type": kind,
        "username": "username",
        "session": "0123abcd",
        "date": "2026-01-02T03:04:05.678901Z",
        "version": "5.4",
    }


def message(kind: str, content: dict[str, Any], *, parent: str = "asked", **parts: Any) -> dict[str, Any]:
    return {
        "header": header(kind),
        "parent_header": header("execute_request", parent),
        "metadata": {},
        "content": content,
        "buffers": [],
        **parts,
    }


def notebook(*cells: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **parts}


def code(source: str = "", *outputs: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {
        "id": "c1",
        "cell_type": "code",
        "metadata": {},
        "execution_count": None,
        "source": source,
        "outputs": list(outputs),
        **parts,
    }


def markdown(source: str, **parts: Any) -> dict[str, Any]:
    return {"id": "m1", "cell_type": "markdown", "metadata": {}, "source": source, **parts}


def displayed(data: dict[str, Any], metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": metadata or {}}


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value
