"""What the playground's server answers, and what it refuses: by bytes over sockets."""

import json
import re
import socket
import threading
import time

import pytest

import autograd.play.server as module
from autograd.play import Server


def raw(server, request, seconds=5):
    """All that the server answers to these bytes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as connection:
        connection.sendall(request.encode("latin-1"))
        return b"".join(iter(lambda: connection.recv(1 << 16), b"")).decode()


def status(answer):
    return int(answer.split(" ", 2)[1])


def head(server, first, **changed):
    """A request's first line and headers; those with the value None are left out, lists come repeatedly."""
    own = f"127.0.0.1:{server.port}"
    headers = {"Host": own}
    if first.startswith("POST"):
        headers |= {"Origin": f"http://{own}", "X-Playground-Token": server.token}
        headers |= {"Content-Type": "application/json"}
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    values = {name: value if isinstance(value, list) else [value] for name, value in headers.items()}
    lines = [f"{name}: {v}" for name, of in values.items() for v in of if v is not None]
    return "\r\n".join([f"{first} HTTP/1.1", *lines, "", ""])


def post(server, path, body="{}", **changed):
    changed = {"Content_Length": len(body), **changed}
    return raw(server, head(server, f"POST {path}", **changed) + body)


class Live:
    """The stream of a page."""

    def __init__(self, server, **options):
        self.server = server
        self.connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        self.connection.sendall(head(server, "POST /live", Content_Length=2).encode() + b"{}")
        self.file = self.connection.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        while self.file.readline().strip():
            pass
        self.name = json.loads(self.file.readline()).get("session")

    def news(self):
        return json.loads(self.file.readline())

    def command(self, path, **body):
        answer = post(self.server, path, json.dumps({"session": self.name, **body}))
        return status(answer), json.loads(answer.partition("\r\n\r\n")[2])

    def close(self):
        self.file.close()
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


# The page -----------------------------------------------------------------------------------------


def test_the_page_comes_with_headers_that_forbid_all_but_its_own_script_and_style(server):
    answer = raw(server, head(server, "GET /"))
    headers, _, page = answer.partition("\r\n\r\n")
    assert status(answer) == 200
    (policy,) = re.findall(r"Content-Security-Policy: (.*)\r", headers)
    (nonce,) = set(re.findall(r"'nonce-(.*?)'", policy))
    assert policy.startswith("default-src 'none'; ")
    assert set(re.findall(r"(?:script|style)-src ([^;]*)", policy)) == {f"'nonce-{nonce}'"}
    assert re.findall(r"<(?:script|style)\b(.*?)>", page) == [f' nonce="{nonce}"'] * 2
    for header in (
        "X-Content-Type-Options: nosniff",
        "Referrer-Policy: no-referrer",
        "Cache-Control: no-store",
    ):
        assert header in headers
    assert "Python" not in headers
    assert f'TOKEN = "{server.token}"' in page
    assert not re.search(r"%[A-Z]+%", page)
    assert nonce not in raw(server, head(server, "GET /"))


def test_the_page_names_no_address_of_the_net_and_has_no_inline_styles_or_handlers(server):
    assert re.findall(r"https?:|//[a-z]+\.", re.sub(r"// .*", "", server.page)) == []
    assert re.findall(r"<[^>]* (?:style|on\w+)=", server.page) == []


# What is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["GET /", "POST /live", "POST /step"])
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1:{port}.evil.example",
        "localhost",
        "[::1]:{port}",
        "",
        None,
        ["127.0.0.1:{port}", "evil.example"],
        ["127.0.0.1:{port}", "127.0.0.1:{port}"],
    ],
)
def test_another_host_is_refused(server, first, host):
    hosts = [host] if not isinstance(host, list) else host
    hosts = [h and h.format(port=server.port) for h in hosts]
    answer = raw(server, head(server, first, Host=hosts, Content_Length=0))
    assert status(answer) == 403
    assert server.token not in answer


@pytest.mark.parametrize("first", ["GET /", "POST /live", "POST /step"])
@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:1",
        "http://127.0.0.1",
        "http://localhost:{port}",  # with the other name as host
        ["http://127.0.0.1:{port}", "http://evil.example"],
    ],
)
def test_another_origin_is_refused(server, first, origin):
    origins = [origin] if not isinstance(origin, list) else origin
    origins = [o.format(port=server.port) for o in origins]
    answer = raw(server, head(server, first, Origin=origins, Content_Length=0))
    assert status(answer) == 403
    assert server.token not in answer


def test_the_page_may_be_called_localhost(server):
    own = f"localhost:{server.port}"
    assert status(raw(server, head(server, "GET /", Host=own))) == 200
    assert status(post(server, "/step", Host=own, Origin=f"http://{own}")) == 410  # no such training


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"X_Playground_Token": None}, 403),
        ({"X_Playground_Token": "guess"}, 403),
        ({"X_Playground_Token": "\xe9"}, 403),
        ({"Content_Type": "text/plain"}, 415),  # what a form of another site may send
        ({"Content_Type": None}, 415),
        ({"Content_Length": None}, 411),
        ({"Content_Length": ["2", "2"]}, 411),
        ({"Content_Length": "-2"}, 411),
        ({"Content_Length": "0x2"}, 411),
        ({"Content_Length": "\xb2"}, 411),
        ({"Transfer_Encoding": "chunked"}, 411),
        ({"Content_Length": 2_000_001}, 413),
        ({"Content_Length": "9" * 5000}, 413),
    ],
)
def test_a_command_without_the_token_its_type_or_a_bounded_length_is_refused(server, changed, code):
    for path in ("/live", "/build"):
        assert status(raw(server, head(server, f"POST {path}", **{"Content_Length": 2, **changed}))) == code
    assert server.sessions == {}


@pytest.mark.parametrize("body", ["", "x", "[]", "3", '{"a":', "[" * 100_000, "\xff"])
def test_a_body_that_is_no_json_object_is_refused(server, body):
    assert status(post(server, "/build", body)) == 400


@pytest.mark.parametrize(
    "path",
    [
        "/page.html",
        "/../server.py",
        "/..%2f..%2fpyproject.toml",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/etc/passwd",
        "/..\\server.py",
        "/./",
        "/?",
        "*",
        "http://127.0.0.1/",
    ],
)
def test_no_path_leads_to_the_disk(server, path):
    for method in ("GET", "POST"):
        answer = raw(server, head(server, f"{method} {path}", Content_Length=2) + "{}")
        assert status(answer) in (404, 410)
        assert "error" in json.loads(answer.partition("\r\n\r\n")[2])


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT"])
def test_other_methods_are_not_known(server, method):
    assert status(raw(server, head(server, f"{method} /"))) == 501


@pytest.mark.parametrize("first", ["GET /" + 70_000 * "a", "GET", "\x16\x03\x01\x02"])
def test_requests_that_are_none_are_refused(server, first):
    answer = raw(server, f"{first}\r\n\r\n" if len(first) < 100 else head(server, first))
    assert server.token not in answer
    assert "200" not in answer.partition("\n")[0]


def test_headers_without_end_are_refused(server):
    many = "".join(f"X-{i}: 1\r\n" for i in range(200))
    assert status(raw(server, f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{many}\r\n")) == 431


def test_the_server_listens_on_this_machine_only(server):
    assert server.server_address[0] == "127.0.0.1"
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", server.port), timeout=5)
    with pytest.raises(OSError, match="in use"):
        Server(server.port)


# Slow and many clients ----------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(module, "SECONDS", 0.3)
    monkeypatch.setattr(module.Handler, "timeout", 0.3)


@pytest.mark.parametrize("first", ["", "GET / HTTP/1.1\r\nHost: ", "POST /build"])
def test_a_request_that_comes_byte_by_byte_or_not_at_all_is_ended(server, monkeypatch, first):
    monkeypatch.setattr(module, "SECONDS", 0.3)  # the time for all of it; that for each byte stays 10 s
    if first.startswith("POST"):
        first = head(server, first, Content_Length=1000)
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(first.encode())
        connection.settimeout(0.05)
        end = time.monotonic() + 5
        while time.monotonic() < end:
            try:
                connection.sendall(b"a")
                if not connection.recv(1):
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert time.monotonic() < end
    assert status(raw(server, head(server, "GET /"))) == 200
    until(lambda: not server.deadlines)


def test_slow_clients_do_not_keep_the_page_from_others(server):
    waiting = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(20)]
    assert status(raw(server, head(server, "GET /"))) == 200
    for connection in waiting:
        connection.close()


def test_connections_beyond_the_limit_are_closed_and_the_others_answered_later(server):
    server.free = threading.Semaphore(3)
    waiting = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(3)]
    until(lambda: len(server.deadlines) == 3)
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as further:
        assert further.recv(1) == b""
    for connection in waiting:
        connection.close()
    until(lambda: not server.deadlines)
    until(lambda: server.free._value == 3)
    assert status(raw(server, head(server, "GET /"))) == 200


def test_a_page_that_takes_no_news_loses_its_training(server, impatient, monkeypatch):
    monkeypatch.setattr(module, "FRAMES_PER_SECOND", 1e9)
    live = Live(server)
    live.command("/build", settings={"hidden": [16] * 6})
    live.command("/play")
    until(lambda: not server.sessions, 30)
    live.close()


# The stream ---------------------------------------------------------------------------------------


def test_a_page_gets_the_scene_then_frames_and_its_commands_are_carried_out(server):
    with Live(server) as live:
        first = live.news()
        assert first["frame"]["updates"] == 0
        assert len(first["scene"]["points"]) == 300
        assert live.command("/step") == (200, {})
        assert live.news()["frame"]["updates"] == 1
        assert live.command("/explain", layer=0, neuron=1, input=2)[1]["rows"] == 225
        assert "neuron from 0 to 7, got None" in live.command("/explain", layer=0)[1]["error"]
        assert live.command("/build", settings={"lr": -1}) == (
            200,
            {"error": "lr must be above 0 and below inf, got -1"},
        )
        assert live.command("/build", settings={"data": "moons"}) == (200, {})
        assert live.news()["scene"]["classes"] == ["lower", "upper"]
        assert live.command("/play") == (200, {})
        assert [live.news()["frame"]["updates"] for _ in range(3)] == [3, 6, 9]
        assert live.command("/pause") == (200, {})
        assert "Adam(net, lr=0.03)" in live.command("/program")[1]["program"]
        assert live.command("/fly")[0] == 404


@pytest.mark.parametrize("playing", [True, False])
def test_closing_the_page_ends_its_training_and_its_thread(server, playing):
    before = threading.active_count()
    live = Live(server)
    (session,) = server.sessions.values()
    if playing:
        live.command("/play")
    live.news()
    live.close()
    until(lambda: session.ended and not server.sessions)
    until(lambda: threading.active_count() <= before)
    updates = session._training.updates
    time.sleep(0.2)
    assert session._training.updates == updates
    live = Live(server)
    live.name, other = "gone", live.name
    assert live.command("/step")[0] == 410
    live.name = other
    assert live.command("/step")[0] == 200
    live.close()


def test_one_page_does_not_see_or_stop_the_training_of_another(server):
    with Live(server) as one, Live(server) as other:
        one.news()
        other.news()
        one.command("/step")
        assert one.news()["frame"]["updates"] == 1
        other.command("/step")
        assert other.news()["frame"]["updates"] == 1


def test_trainings_beyond_the_limit_are_refused_until_one_ends(server, monkeypatch):
    monkeypatch.setattr(module, "MOST_SESSIONS", 2)
    with Live(server):
        with Live(server):
            answer = post(server, "/live")
            assert status(answer) == 503
            assert "close one" in answer
        until(lambda: len(server.sessions) == 1)
        with Live(server) as third:
            assert third.status == 200


def test_the_end_of_the_server_ends_all_trainings():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        live = Live(server)
        (session,) = server.sessions.values()
        server.shutdown()
        thread.join()
    assert session.ended
    while live.file.readline():
        pass
    live.close()


def test_frames_come_at_most_twenty_times_a_second(server):
    with Live(server) as live:
        live.news()
        live.command("/play")
        live.news()
        begin = time.monotonic()
        for _ in range(10):
            live.news()
        assert time.monotonic() - begin > 0.4  # a lower bound: slower machines take longer


def test_a_mistake_of_ours_is_printed_and_a_client_that_has_gone_is_not(server, monkeypatch, capsys):
    def fail(session, body):
        raise body["kind"]

    kinds = iter([ConnectionResetError("gone"), ZeroDivisionError("ours")])
    monkeypatch.setitem(module.COMMANDS, "/step", lambda session, body: fail(session, {"kind": next(kinds)}))
    with Live(server) as live:
        body = json.dumps({"session": live.name})
        assert post(server, "/step", body) == ""
        assert post(server, "/step", body) == ""
    told = capsys.readouterr().err
    assert "ZeroDivisionError: ours" in told
    assert "gone" not in told
