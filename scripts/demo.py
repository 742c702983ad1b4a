"""`make demo`: build the irrigation app, run a season on a virtual node, watch it on the gateway.

Everything runs for real and locally: the firmware, the message format, an MQTT broker, the store,
the page. With ``--once`` it ends by itself: exit code 0 when every decision of the season reached
the gateway exactly once.
"""

from __future__ import annotations

import argparse
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUN = ROOT / "demo-run"
APP = "apps/irrigation.yaml"


def free_port(preferred: int) -> int:
    """``preferred``, or the next after it where nobody listens.

    Not any free port: the system might have given that to somebody else by the time it is used.
    """
    for port in range(preferred, min(preferred + 100, 65536)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise SystemExit(f"no free TCP port from {preferred} on at 127.0.0.1")


def tool(name: str) -> list[str]:
    """A command of the environment that runs this script."""
    return [str(Path(sys.executable).with_name(name))]


@contextmanager
def service(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A background process, its talk in ``log``, stopped at the end."""
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=sink, stderr=sink, start_new_session=True
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()


def get(url: str) -> object:
    """The JSON at ``url``."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.load(answer)


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the gateway answers."""
    for _ in range(1500):
        if process.poll() is not None:
            raise SystemExit(f"the gateway stopped:\n{log.read_text()[-2000:]}")
        try:
            get(url)
        except (urllib.error.URLError, OSError, ValueError):
            time.sleep(0.2)
        else:
            return
    raise SystemExit(f"the gateway does not answer at {url}; see {log}")


def stored(page: str) -> int:
    """How many decisions the gateway has stored."""
    answer = get(f"{page}/api/nodes")
    nodes = answer["nodes"] if isinstance(answer, dict) else answer
    assert isinstance(nodes, list)
    return sum(int(node["decisions"]) for node in nodes)


@contextmanager
def gateway(page: str, broker: str) -> Iterator[subprocess.Popen[bytes]]:
    """A gateway with an empty store and a broker of its own, once it answers."""
    log, store = RUN / "gateway.log", RUN / "decisions.db"
    RUN.mkdir(exist_ok=True)
    for old in RUN.glob("decisions.db*"):
        old.unlink()
    command = [
        *tool("tinyfield-gateway"), "run", "--embedded", "--broker", broker,
        "--store", f"sqlite:///{store}", "--http", page.removeprefix("http://"),
    ]  # fmt: skip
    with service(command, log) as process:
        wait_for(f"{page}/healthz", process, log)
        yield process


def season(broker: str) -> tuple[int, str]:
    """A season on the virtual node, bridged to the gateway: its decisions, and its summary."""
    port = free_port(7001)
    manifest = ROOT / "firmware/generated/native/manifest.json"
    bridge = [
        *tool("tinyfield-gateway"), "bridge", "--port", f"socket://127.0.0.1:{port}",
        "--broker", broker, "--manifest", str(manifest),
    ]  # fmt: skip
    node = [
        *tool("tinyfield"), "sim", APP, "--board", "native",
        "--link", f"tcp://127.0.0.1:{port}", "--json",
    ]  # fmt: skip
    with service(bridge, RUN / "bridge.log"):
        done = subprocess.run(node, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the season stopped with exit code {done.returncode}")
    lines = done.stdout.splitlines()
    (RUN / "decisions.jsonl").write_text(done.stdout)
    return len(lines), lines[-1] if lines else ""


def main() -> int:
    """Run the demo."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--once", action="store_true", help="end by itself (for tests)")
    parser.add_argument("--http", type=int, default=8080, help="the page's port, if free")
    options = parser.parse_args()

    # What was started is stopped however the demo ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(f"1. tinyfield build {APP}\n", flush=True)
    if subprocess.run([*tool("tinyfield"), "build", APP], cwd=ROOT, check=False).returncode:
        return 1

    with ExitStack() as running:
        page = f"http://127.0.0.1:{free_port(options.http)}"
        broker = f"mqtt://127.0.0.1:{free_port(1883)}"
        process = running.enter_context(gateway(page, broker))
        print(f"\n2. The gateway's page is at {page}\n", flush=True)
        if not options.once:
            webbrowser.open(page)

        print("3. A season on the virtual node, its decisions arriving there\n", flush=True)
        sent, last = season(broker)
        arrived = stored(page)
        print(f"\n{sent} decisions made, {arrived} stored at the gateway. The last one:\n  {last}")
        if arrived != sent:
            print("They differ: that is a fault.", file=sys.stderr)
            return 1
        if options.once:
            print("\nDone. Without --once the page stays open.")
            return 0
        print(f"\nThe page stays open at {page} until Ctrl-C.", flush=True)
        try:
            process.wait()
        except KeyboardInterrupt:
            print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
