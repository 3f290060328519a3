"""Answers pass through as they come: status, type, and what the engine still goes on to say."""

from __future__ import annotations

import asyncio
import os
import stat

import pytest
from fake_engine import serve

from hub_config.docker_gate.__main__ import listen
from hub_config.docker_gate.health import answers
from hub_config.docker_gate.server import DockerGate

OWN = "t.engine.heart.li-wei"


async def opened(gate, method: str, target: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A request whose answer is read as it comes."""
    reader, writer = await asyncio.open_unix_connection(str(gate.ask.path))
    writer.write(f"{method} {target} HTTP/1.1\r\nHost: gate\r\n\r\n".encode())
    return reader, writer


async def read_to(reader: asyncio.StreamReader, end: bytes) -> bytes:
    return await asyncio.wait_for(reader.readuntil(end), 20)


async def test_each_line_of_a_followed_log_comes_when_it_is_said(gate, own):
    reader, writer = await opened(gate, "GET", f"/v1.41/containers/{OWN}/logs?follow=1&stdout=1&tail=all")
    head = await read_to(reader, b"\r\n\r\n")
    assert b" 200 OK" in head
    assert b"Content-Type: application/vnd.docker.raw-stream" in head
    await gate.engine.log_lines.put(b"first\n")
    await read_to(reader, b"first\n")
    await gate.engine.log_lines.put(b"\x01\x00\xffsecond\n")
    assert (await read_to(reader, b"second\n")).endswith(b"\x01\x00\xffsecond\n"), "bytes, not text"
    await gate.engine.log_lines.put(None)
    assert await read_to(reader, b"0\r\n\r\n")
    writer.close()
    assert gate.engine.reached[-1].query == {"follow": "1", "stdout": "1", "tail": "all"}


async def test_waiting_for_an_engine_lasts_until_it_has_ended(gate, own):
    waiting = asyncio.create_task(gate.ask("POST", f"/containers/{OWN}/wait"))
    while not gate.engine.changes:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    assert not waiting.done()
    # Meanwhile others are served.
    assert (await gate.ask("GET", f"/containers/{OWN}/json")).status == 200
    gate.engine.ended.set()
    answer = await waiting
    assert (answer.status, answer.json) == (200, {"StatusCode": 3})


async def test_a_caller_that_hangs_up_does_not_disturb_the_next(gate, own):
    _, writer = await opened(gate, "GET", f"/containers/{OWN}/logs?follow=1")
    while not gate.engine.changes:
        await asyncio.sleep(0.01)
    writer.transport.abort()
    for _ in range(5):
        await gate.engine.log_lines.put(b"x" * 100_000)
    await gate.engine.log_lines.put(None)
    assert (await gate.ask("GET", "/_ping")).content == b"OK"


async def test_status_and_the_headers_that_clients_read_pass_through_and_no_others(gate, own):
    answer = await gate.ask("GET", "/_ping")
    assert answer.headers["Api-Version"] == "1.41"
    assert answer.headers["Ostype"] == "linux"
    assert answer.headers["Server"] != "Docker"
    assert (await gate.ask("POST", f"/containers/{OWN}/start")).status == 304, "it runs already"
    assert (await gate.ask("POST", f"/containers/{OWN}/stop")).status == 204
    head = await gate.ask("HEAD", "/_ping")
    assert (head.status, head.content) == (200, b"")


async def test_no_header_of_the_callers_reaches_the_engine(gate, own):
    headers = {"X-Registry-Auth": "secret", "Upgrade": "tcp", "X-Forwarded-For": "1.2.3.4"}
    assert (await gate.ask("GET", f"/containers/{OWN}/json", headers=headers)).status == 200
    assert gate.engine.reached
    for call in gate.engine.reached:
        assert set(call.headers).isdisjoint(headers)


async def test_a_refusal_is_written_down_with_the_call(gate, own, caplog):
    with caplog.at_level("WARNING", "carrel.docker_gate"):
        await gate.ask("POST", f"/containers/{OWN}/exec", {"Cmd": ["id"]})
    (record,) = [record for record in caplog.records if record.name == "carrel.docker_gate"]
    assert record.getMessage().startswith(f"refused POST /containers/{OWN}/exec: this call is not one")


async def test_the_gate_is_well_while_the_engine_answers(gate, engine, short_tmp):
    assert await asyncio.to_thread(answers, str(short_tmp / "gate.sock"))


async def test_the_gate_is_not_well_without_its_engine_and_neither_without_a_gate(site, short_tmp):
    runner = await serve(
        DockerGate(site, str(short_tmp / "none.sock"), {}).application(), short_tmp / "g.sock"
    )
    assert not await asyncio.to_thread(answers, str(short_tmp / "g.sock"))
    await runner.cleanup()
    assert not await asyncio.to_thread(answers, str(short_tmp / "g.sock"))


@pytest.mark.skipif(os.geteuid() != 0, reason="gives the socket to another group")
def test_the_socket_is_its_groups_alone_and_one_that_a_killed_gate_left_is_replaced(short_tmp):
    path = short_tmp / "docker.sock"
    path.write_text("what a killed gate left")
    listener = listen(path, 2010)
    try:
        status = path.stat()
        assert stat.S_ISSOCK(status.st_mode)
        assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o660, 0, 2010)
    finally:
        listener.close()
