"""The README's commands do what it says."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import httpx

from tests.processes import ROOT, Process, free_port, until_ready

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)


def shell_lines() -> list[str]:
    """Every command of the README, continued lines joined."""
    commands: list[str] = []
    for block in COMMANDS:
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE):
            if part.strip():
                commands.append(part.strip())
    return commands


def answered(curl: str, token: str) -> str:
    """What a curl command prints: run by bash and curl where they are, else read and sent as curl would."""
    if shutil.which("curl") and shutil.which("bash"):
        command = curl.replace("curl ", "curl --silent --show-error ", 1)
        environment = {"TOKEN": token, "PATH": os.environ["PATH"]}
        return subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True).stdout
    words = iter(shlex.split(curl.replace("\\\n", " ").replace("$TOKEN", token))[1:])
    method, headers, body, url, seconds = "GET", {}, None, "", 30.0
    for word in words:
        match word:
            case "-X":
                method = next(words)
            case "-H":
                name, _, value = next(words).partition(": ")
                headers[name] = value
            case "-d":
                body = next(words)
            case "--max-time":
                seconds = float(next(words))
            case _:
                url = word
    with httpx.stream(method, url, headers=headers, content=body, timeout=seconds) as answer:
        if answer.headers["Content-Type"].startswith("text/event-stream"):
            chunks = answer.iter_text()
            return next(chunks) + next(chunks)
        return answer.read().decode()


def judge(curl: str, said: str) -> None:
    """Whether the answer is what the README says beside the command."""
    if "live" in curl:
        assert "id: 291" in said
        return
    body = json.loads(said)
    assert not isinstance(body.get("status"), int), said
    if "tallies?" in curl:
        assert next(row for row in body["tallies"] if row["party"] == "CN")["previous"] == "2017"
    if "/actions/" in curl:
        assert body["action"]["occurred_on"] == "2025-11-11"
    if "/diff" in curl:
        assert len(body["actions"]["added"]) == 1


def test_the_demo_runs_and_every_curl_example_succeeds(tmp_path: Path) -> None:
    port = free_port()
    demo = Process(f"sqlite:///{tmp_path / 'unused.db'}", "demo", "--port", str(port))
    base = f"http://127.0.0.1:{port}"
    try:
        until_ready(demo, base)
        told = demo.text()
        token = re.search(r"dep_[\w-]+", told)
        assert token
        for address in re.findall(rf"{base}/\S*", told):
            assert httpx.get(address).status_code == 200, address
        curls = [line for line in shell_lines() if line.startswith("curl")]
        assert len(curls) >= 6
        for curl in curls:
            judge(curl, answered(curl.replace("http://127.0.0.1:8000", base), token[0]))
    finally:
        assert demo.stop() == 0


def test_the_two_commands_are_those_of_dev_py() -> None:
    done = subprocess.run([sys.executable, "dev.py"], cwd=ROOT, capture_output=True, text=True)
    usage = done.stdout + done.stderr
    for command in ("python3 dev.py demo", "python3 dev.py test"):
        assert command in shell_lines()
        assert command in usage


def test_ci_runs_the_readmes_test_command() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "python3 dev.py test" in ci
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "dev.py demo" in makefile
    assert "dev.py test" in makefile


def test_every_link_to_a_file_leads_somewhere() -> None:
    for path in [ROOT / "README.md", *ROOT.glob("*/README.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
