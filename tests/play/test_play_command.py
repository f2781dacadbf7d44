"""The command `autograd play`."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
import webbrowser

import pytest

from autograd.cli.parser import main
from autograd.play import Server


def test_the_command_serves_the_page_until_ctrl_c_which_gives_130():
    command = [sys.executable, "-m", "autograd", "play", "--port", "0", "--no-browser"]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **options, env={**os.environ, "PYTHONUNBUFFERED": "1"}) as process:
        line = process.stdout.readline()
        (address,) = re.findall(r"the playground is at (http://127.0.0.1:\d+/); Ctrl-C ends it", line)
        with urllib.request.urlopen(address, timeout=10) as page:
            assert b"<title>Playground of array-autograd</title>" in page.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr.read() == "interrupted\n"


def test_a_port_that_is_taken_is_told_in_one_line_with_exit_code_2(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["play", "--no-browser", "--port", str(port)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        f"error: port {port} of this machine cannot be had: Address already in use; choose another by "
        "--port, or --port 0 for any that is free\n"
    )


@pytest.mark.parametrize("port", ["-1", "65536", "80.5", "http", "nan"])
def test_a_port_out_of_range_is_answered_with_the_usage(capsys, port):
    with pytest.raises(SystemExit) as stop:
        main(["play", f"--port={port}"])
    assert stop.value.code == 2
    assert f"--port: wants a port from 0 to 65535, got '{port}'" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--no-browser"], ["--json"]])
def test_the_page_is_opened_unless_it_is_not_wanted(monkeypatch, capsys, options):
    opened, done = [], threading.Event()

    def interrupted(self):
        if "--no-browser" not in options:
            assert done.wait(10)
        raise KeyboardInterrupt

    monkeypatch.setattr(webbrowser, "open", lambda address: (opened.append(address), done.set()))
    monkeypatch.setattr(Server, "serve_forever", interrupted)
    assert main(["play", "--port", "0", *options]) == 130
    told = capsys.readouterr()
    if options == ["--json"]:
        assert json.loads(told.out) == {"error": "interrupted"}
    address = re.search(r"http://127.0.0.1:\d+/", told.out + told.err)[0]
    assert opened == ([] if options == ["--no-browser"] else [address])


def test_commands_that_serve_nothing_do_not_import_the_server():
    code = "import sys, autograd.cli; print([m for m in sys.modules if 'autograd.play' in m or 'http' in m])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
