"""Which calls the gate passes on, and to whose containers: what is not in its table does not exist."""

from __future__ import annotations

import asyncio
import json

import pytest

from hub_config.docker_gate import server

OWN = "t.engine.heart.li-wei"
NETWORK = "t.network.heart.li-wei"
VOLUME = "t.sockets.heart.li-wei"

NOT_IN_THE_TABLE = [
    # Code in a running container, and files in or out of one.
    f"POST /containers/{OWN}/exec",
    "POST /exec/abc/start",
    "POST /exec/abc/resize",
    "GET /exec/abc/json",
    f"GET /containers/{OWN}/archive?path=/",
    f"HEAD /containers/{OWN}/archive?path=/",
    f"PUT /containers/{OWN}/archive?path=/",
    f"POST /containers/{OWN}/copy",
    f"GET /containers/{OWN}/export",
    f"GET /containers/{OWN}/changes",
    f"GET /containers/{OWN}/top",
    f"POST /containers/{OWN}/attach?stdin=1&stream=1",
    f"GET /containers/{OWN}/attach/ws",
    f"POST /containers/{OWN}/resize",
    # Changing what was checked when it was made.
    f"POST /containers/{OWN}/update",
    f"POST /containers/{OWN}/rename?name=t.desk.heart.li-wei",
    f"POST /containers/{OWN}/restart",
    f"POST /containers/{OWN}/pause",
    f"POST /containers/{OWN}/unpause",
    "POST /containers/prune",
    "POST /networks/prune",
    "POST /volumes/prune",
    f"PUT /volumes/{VOLUME}",
    # Images in or out.
    "POST /build",
    "POST /build/prune",
    "POST /commit?container=abc",
    "POST /session",
    "POST /images/create?fromImage=debian",
    "POST /images/load",
    "POST /images/prune",
    "GET /images/json",
    "GET /images/search?term=x",
    "GET /images/get?names=carrel/desk",
    "GET /images/carrel/desk:0.1.0/get",
    "GET /images/carrel/desk:0.1.0/history",
    "POST /images/carrel/desk:0.1.0/push",
    "POST /images/carrel/desk:0.1.0/tag?repo=carrel/engine-base",
    "DELETE /images/carrel/desk:0.1.0",
    "GET /distribution/carrel/desk/json",
    "POST /auth",
    # The host, other people's things, and everything of a swarm.
    "GET /info",
    "GET /events",
    "GET /system/df",
    "GET /networks",
    "GET /volumes",
    "GET /debug/pprof/",
    "POST /grpc",
    "GET /swarm",
    "POST /swarm/init",
    "POST /swarm/join",
    "POST /swarm/leave",
    "POST /swarm/update",
    "GET /swarm/unlockkey",
    "GET /nodes",
    "GET /services",
    "POST /services/create",
    "GET /tasks",
    "GET /secrets",
    "POST /secrets/create",
    "GET /configs",
    "GET /plugins",
    "POST /plugins/pull?remote=x",
    "POST /plugins/x/enable",
    # A call of the table with another method.
    "HEAD /containers/json",
    "POST /containers/json",
    "PUT /containers/create",
    f"PATCH /containers/{OWN}/json",
    f"DELETE /containers/{OWN}/json",
    "OPTIONS /_ping",
    "TRACE /version",
    f"POST /networks/{NETWORK}",
]

AWRY = [
    f"/containers/{OWN}/../json",
    f"/containers/../containers/{OWN}/json",
    "/containers/..",
    "/v1.41/../containers/json",
    "/images/carrel/../debian/json",
    "/images/carrel/desk:0.1.0/../../../containers/database/json",
    f"/containers/{OWN}%2Fexec/json",
    f"/containers/{OWN}/%6ason",
    f"/containers/{OWN}%00/json",
    "/containers/%2e%2e/json",
    "/%63ontainers/json",
    "/images/carrel%2Fdesk:0.1.0/json",
    "//containers/json",
    "/containers//json",
    "/v1.41//containers/json",
    f"/containers/{OWN}//json",
    f"/containers/{OWN}/json/",
    "/containers/json/",
    "/./containers/json",
    "/containers/./json",
    "/Containers/json",
    f"/containers/{OWN};x/json",
    f"/containers/{OWN}\\json",
    "/containers/json\\",
    "/containers/-flag/json",
    "/containers/.hidden/json",
    f"/containers/{'a' * 200}/json",
    "/v1.41/v1.41/containers/json",
    "/v2.0/containers/json",
    "/v1/containers/json",
    "/v1.4141/containers/json",
    "/v1.41x/containers/json",
    "/v1.41",
    "/",
    "/_ping/",
    "/carrel/containers/json",
]


@pytest.mark.parametrize("call", NOT_IN_THE_TABLE)
@pytest.mark.parametrize("version", ["", "/v1.41"])
async def test_a_call_that_is_not_in_the_table_does_not_reach_the_engine(gate, own, call, version):
    method, target = call.split(" ")
    answer = await gate.ask(method, version + target, {} if method in ("POST", "PUT") else None)
    assert answer.status == 403
    assert method == "HEAD" or answer.line == "this call is not one that a site needs"
    assert gate.engine.reached == []


@pytest.mark.parametrize("path", AWRY)
async def test_a_path_that_could_be_read_in_two_ways_does_not_reach_the_engine(gate, own, path):
    answer = await gate.ask("GET", path)
    assert answer.status in (400, 403)
    assert gate.engine.reached == []


@pytest.mark.parametrize("path", ["http://elsewhere/info", "http://docker/v1.41/info", "*"])
async def test_a_target_of_another_form_is_held_to_the_same_table(gate, own, path):
    assert (await gate.ask("GET", path)).status in (400, 403)
    assert gate.engine.reached == []


@pytest.mark.parametrize(
    "call",
    [
        "GET /_ping",
        "HEAD /_ping",
        "GET /version",
        "GET /images/carrel/desk:0.1.0/json",
        "GET /containers/json",
        f"GET /containers/{OWN}/json",
        f"GET /containers/{OWN}/stats",
        f"POST /containers/{OWN}/start",
        f"POST /containers/{OWN}/stop?t=1",
        f"POST /containers/{OWN}/kill?signal=SIGTERM",
        f"DELETE /containers/{OWN}?force=True&v=True",
        f"GET /networks/{NETWORK}",
        f"DELETE /networks/{NETWORK}",
        f"GET /volumes/{VOLUME}",
        f"DELETE /volumes/{VOLUME}",
    ],
)
@pytest.mark.parametrize("version", ["", "/v1.41", "/v1.53"])
async def test_a_call_of_the_table_reaches_the_engine_as_it_is(gate, own, call, version):
    method, target = call.split(" ")
    answer = await gate.ask(method, version + target)
    assert answer.status < 400, answer.content
    last = gate.engine.reached[-1]
    assert (last.method, last.path) == (method, version + target.split("?")[0])
    if "?" in target and method != "GET":
        assert "&".join(f"{key}={value}" for key, value in last.query.items()) == target.split("?")[1]


@pytest.mark.parametrize(
    "call",
    [
        "GET /containers/{}/json",
        "GET /containers/{}/logs?stdout=1",
        "GET /containers/{}/stats",
        "POST /containers/{}/start",
        "POST /containers/{}/stop",
        "POST /containers/{}/kill",
        "POST /containers/{}/wait",
        "DELETE /containers/{}?force=1",
    ],
)
@pytest.mark.parametrize(
    "name",
    [
        "database",
        "id-of-database",
        "unlabelled",
        "other.engine.heart.li-wei",
        "t.hub",
        "t.gate",
        "t.portal",
        "t.proxy",
        "nowhere",
    ],
)
async def test_a_container_that_is_no_desks_or_runs_does_not_exist_for_a_caller(gate, own, call, name):
    method, target = call.split(" ")
    answer = await gate.ask(method, target.format(name))
    assert (answer.status, answer.line) == (404, f"No such container: {name}")
    assert gate.engine.changes == []
    assert "database" in gate.engine.containers


@pytest.mark.parametrize("name", ["bridge", "other.network.heart.li-wei", "t_front", "t_control", "nowhere"])
@pytest.mark.parametrize("call", ["GET {}", "DELETE {}", "POST {}/connect", "POST {}/disconnect"])
async def test_a_network_that_is_no_desks_does_not_exist_for_a_caller(gate, own, call, name):
    method, target = call.split(" ")
    body = {"Container": "t.hub"} if method == "POST" else None
    answer = await gate.ask(method, f"/networks/{target.format(name)}", body)
    assert (answer.status, answer.line) == (404, f"No such network: {name}")
    assert gate.engine.changes == []


@pytest.mark.parametrize("name", ["database", "other.sockets.heart.li-wei", "t_registry", "nowhere"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_volume_that_is_no_desks_does_not_exist_for_a_caller(gate, own, method, name):
    answer = await gate.ask(method, f"/volumes/{name}")
    assert (answer.status, answer.line) == (404, f"No such volume: {name}")
    assert gate.engine.changes == []


@pytest.mark.parametrize("image", ["debian", "debian:bookworm", "carrel-evil/x", "registry.evil/carrel/desk"])
async def test_an_image_that_is_not_the_sites_is_not_shown(gate, image):
    answer = await gate.ask("GET", f"/images/{image}/json")
    assert (answer.status, answer.line) == (403, f"{image} is not one of the site's images")
    assert gate.engine.reached == []


async def test_an_image_that_is_missing_is_missing(gate):
    answer = await gate.ask("GET", "/images/carrel/engine-imaging:0.1.0/json")
    assert answer.status == 404


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"label": ["carrel.site=other"]},
        {"label": {"carrel.role=part": True}},
        {"name": ["database"]},
        {"status": ["running"], "label": ["carrel.role=engine"]},
    ],
)
async def test_a_list_shows_the_sites_own_whatever_was_asked(gate, own, asked):
    answer = await gate.ask(
        "GET", f"/containers/json?all=1&size=1&filters={json.dumps(asked).replace(' ', '')}"
    )
    shown = {container["Labels"]["carrel.site"] for container in answer.json}
    assert shown <= {"t"}
    (call,) = gate.engine.reached
    assert call.query["all"] == "1"
    filters = json.loads(call.query["filters"])
    assert "carrel.site=t" in filters["label"]
    assert set(filters) == {"label"}
    assert set(call.query) == {"all", "filters"}


async def test_a_list_by_role_shows_those_alone(gate, own):
    filters = json.dumps({"label": ["carrel.role=engine"]}).replace(" ", "")
    answer = await gate.ask("GET", f"/containers/json?filters={filters}")
    assert [container["Names"] for container in answer.json] == [[f"/{OWN}"]]


@pytest.mark.parametrize("filters", ["x", "[]", "null", "5", '{"label":5}', '"a"'])
async def test_a_list_with_filters_of_another_shape_is_refused(gate, filters):
    answer = await gate.ask("GET", f"/containers/json?filters={filters}")
    assert (answer.status, answer.line) == (403, "filters is not a JSON object")
    assert gate.engine.reached == []


async def test_statistics_are_one_look_and_never_a_stream(gate, own):
    await gate.ask("GET", f"/containers/{OWN}/stats?stream=true")
    assert gate.engine.reached[-1].query == {"stream": "false", "one-shot": "true"}


@pytest.mark.parametrize("content", [b"{", b"x", b"\xff\xfe", b"[" * 100_000, b"[]", b'"a"', b"5", b"true"])
async def test_a_body_that_is_not_a_json_object_is_refused(gate, own, content):
    answer = await gate.ask("POST", "/volumes/create", content=content)
    assert answer.status == 403
    assert answer.line.startswith("the body is not ")
    assert gate.engine.reached == []


@pytest.mark.parametrize("kind", ["containers", "networks", "volumes"])
@pytest.mark.parametrize("content", [b"", b"null"])
async def test_nothing_is_made_of_no_body(gate, kind, content):
    answer = await gate.ask("POST", f"/{kind}/create", content=content)
    assert (answer.status, answer.line) == (403, "the body is missing")
    assert gate.engine.reached == []


async def test_a_body_of_too_many_bytes_is_refused(gate, bodies):
    body = bodies.engine()
    body["Env"] = ["A=" + "x" * server.MAX_BODY]
    assert (await gate.create("engine", body)).status == 413
    assert gate.engine.reached == []


async def test_a_body_of_too_many_bytes_in_chunks_is_refused(gate):
    piece = b"%x\r\n" % 65536 + b" " * 65536 + b"\r\n"
    reader, writer = await asyncio.open_unix_connection(str(gate.ask.path))
    head = b"POST /volumes/create HTTP/1.1\r\nHost: gate\r\nTransfer-Encoding: chunked\r\n\r\n"
    writer.write(head + piece * 5 + b"0\r\n\r\n")
    status = await asyncio.wait_for(reader.readline(), 20)
    writer.close()
    assert status.split()[1] == b"413"
    assert gate.engine.reached == []


@pytest.mark.parametrize("version", ["", "/v1.12", "/v1.23", "/v1.41"])
@pytest.mark.parametrize("verb", ["start", "stop", "kill"])
async def test_a_body_where_the_call_has_none_does_not_reach_the_engine(gate, own, version, verb):
    body = {"Privileged": True, "Binds": ["/:/host"], "NetworkMode": "host"}
    answer = await gate.ask("POST", f"{version}/containers/{OWN}/{verb}", body)
    assert answer.status == 403 or gate.engine.reached[-1].body is None


GUEST_CALLS = [f"/networks/{NETWORK}/connect", f"/networks/{NETWORK}/disconnect"]


@pytest.mark.parametrize("target", GUEST_CALLS)
@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"Container": "database"},
        {"Container": OWN},
        {"Container": "t.portal"},
        {"Container": "t.gate"},
        {"Container": "t_proxy"},
        {"Container": None},
        {"Container": "t.proxy", "EndpointConfig": {"Aliases": ["hub"]}},
        {
            "Container": "t.proxy",
            "EndpointConfig": {"Aliases": ["proxy"], "IPAMConfig": {"IPv4Address": "10.0.0.1"}},
        },
        {"Container": "t.proxy", "EndpointConfig": {"DriverOpts": {"a": "b"}}},
        {"Container": "t.hub", "EndpointConfig": {"Links": ["database:db"]}},
    ],
)
async def test_none_but_proxy_and_hub_join_or_leave_a_desks_network(gate, own, target, body):
    answer = await gate.ask("POST", target, body)
    assert answer.status == 403
    assert "t.proxy and t.hub" in answer.line
    assert gate.engine.changes == []


@pytest.mark.parametrize("guest", ["proxy", "hub"])
async def test_proxy_and_hub_join_under_their_own_names_and_leave(gate, own, guest):
    body = {"Container": f"t.{guest}", "EndpointConfig": {"Aliases": [guest]}}
    assert (await gate.ask("POST", GUEST_CALLS[0], body)).status == 200
    assert set(gate.engine.networks[NETWORK]["Containers"]) == {f"t.{guest}"}
    assert (await gate.ask("POST", GUEST_CALLS[1], {"Container": f"t.{guest}", "Force": True})).status == 200
    assert gate.engine.networks[NETWORK]["Containers"] == {}


@pytest.mark.parametrize(
    "more",
    [
        {"container": "database"},
        {"CONTAINER": "database"},
        {"endpointConfig": {"Aliases": ["hub"], "IPAMConfig": {"IPv4Address": "10.213.0.9"}}},
    ],
)
async def test_a_guests_body_says_nothing_twice(gate, own, more):
    answer = await gate.ask("POST", GUEST_CALLS[0], {"Container": "t.proxy", **more})
    assert answer.status == 403


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("POST", GUEST_CALLS[0], {"Container": ["t.proxy"]}),
        ("GET", "/containers/json?filters=" + "[" * 5000, None),
    ],
)
async def test_a_request_of_a_wrong_shape_is_refused_and_no_error_of_the_gates(
    gate, own, method, target, body
):
    assert (await gate.ask(method, target, body)).status == 403
