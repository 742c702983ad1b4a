"""PlatformIO with nobody at the other end of the wire, and what goes wrong in a build."""

from __future__ import annotations

import configparser
import http.server
import json
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.sim.conftest import Bench, need
from tinyfield import hostcc, pio, pipeline, project
from tinyfield.boards import load_boards
from tinyfield.errors import EnvironmentFault, MissingToolError, UserError

PIO = [str(Path(sys.executable).with_name("pio"))]


PROXIES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")


@contextmanager
def proxy() -> Iterator[tuple[str, list[str]]]:
    """The only way out of this machine, which leads nowhere; and what was asked of it."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def refuse(self) -> None:
            asked.append(self.path)
            self.send_error(503)

        def log_message(self, format: str, *args: object) -> None:
            pass

    for verb in ("GET", "HEAD", "POST", "CONNECT"):
        setattr(Handler, f"do_{verb}", Handler.refuse)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()


def copy_of(bench: Bench, folder: Path) -> Path:
    """A project of its own, with what was generated for the shared one."""
    project.ensure_project(folder)
    shutil.copytree(bench.folder / "firmware/generated", folder / "firmware/generated")
    return folder


def plain_pio(folder: Path, env: dict[str, str], *more: str) -> tuple[int, str]:
    done = subprocess.run(
        [*PIO, "run", *more], cwd=folder, env=env, capture_output=True, text=True, timeout=900
    )
    return done.returncode, done.stdout + done.stderr


def test_plain_pio_run_needs_no_registry(
    bench: Bench, no_network: dict[str, str], tmp_path: Path
) -> None:
    folder = copy_of(bench, tmp_path / "p")
    core = tmp_path / "empty-core"
    with proxy() as (way_out, asked):
        env = {**no_network, **dict.fromkeys(PROXIES, way_out), "PLATFORMIO_CORE_DIR": str(core)}
        code, said = plain_pio(folder, env, "-e", "native")
    assert code == 0, said
    assert asked == []
    assert (folder / ".pio/build/native/firmware.elf").is_file()
    assert not (core / "packages").exists() or not list((core / "packages").iterdir())


def test_the_selected_board_is_the_default_and_nothing_is_lost(
    bench: Bench, no_network: dict[str, str], tmp_path: Path
) -> None:
    need(load_boards()["qemu_m4"])
    folder = copy_of(bench, tmp_path / "p")
    app = folder / "apps" / "mine.yaml"
    pio.select(folder, "native", app, also=["qemu_rv32"])
    kept = pio.build("native", folder).elf
    stamp = kept.stat().st_mtime_ns
    pio.select(folder, "qemu_m4", app)
    code, said = plain_pio(folder, no_network)
    assert code == 0, said
    assert (folder / ".pio/build/qemu_m4/firmware.elf").is_file()
    pio.build("native", folder)
    assert kept.stat().st_mtime_ns == stamp
    ini = configparser.ConfigParser()
    ini.read(folder / "firmware/generated/default.ini")
    assert ini["platformio"]["default_envs"] == "qemu_m4"
    assert ini["env:qemu_m4"]["custom_app"] == "apps/mine.yaml"
    assert ini["env:native"]["custom_app"] == "apps/mine.yaml"
    assert ini["env:qemu_rv32"]["custom_app"] == "apps/mine.yaml"
    before = (folder / "firmware/generated/default.ini").stat().st_mtime_ns
    pio.select(folder, "qemu_m4", app)
    assert (folder / "firmware/generated/default.ini").stat().st_mtime_ns == before


def stub(tmp_path: Path) -> Path:
    """Stands for the Python that has tinyfield: writes down how it was called."""
    path = tmp_path / "python"
    path.write_text(
        f"#!{sys.executable}\n"
        "import json, os, sys\n"
        f"open({str(tmp_path / 'called.json')!r}, 'w').write(json.dumps(\n"
        "    [sys.argv[1:], os.environ['TINYFIELD_IMAGE'], os.getcwd()]))\n"
        "print('the season')\n"
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize("target", ["exec", "upload"])
def test_exec_runs_the_season_of_the_built_app(
    bench: Bench, no_network: dict[str, str], tmp_path: Path, target: str
) -> None:
    folder = copy_of(bench, tmp_path / "p")
    pio.select(folder, "native", folder / "app.yaml")
    env = {**no_network, "TINYFIELD_PYTHON": str(stub(tmp_path))}
    code, said = plain_pio(folder, env, "-e", "native", "-t", target)
    assert code == 0, said
    assert "the season" in said
    arguments, image, cwd = json.loads((tmp_path / "called.json").read_text())
    assert arguments == ["-m", "tinyfield", "sim", "app.yaml", "--board", "native"]
    assert Path(image) == folder / ".pio/build/native/firmware.elf"
    assert Path(cwd) == folder


def test_exec_takes_the_app_from_the_environment(
    bench: Bench, no_network: dict[str, str], tmp_path: Path
) -> None:
    folder = copy_of(bench, tmp_path / "p")
    env = {
        **no_network,
        "TINYFIELD_PYTHON": str(stub(tmp_path)),
        "TINYFIELD_APP": "other.yaml",
        "TINYFIELD_SIM_ARGS": "--json --trace 'my trace.csv'",
    }
    code, said = plain_pio(folder, env, "-e", "native", "-t", "exec")
    assert code == 0, said
    arguments = json.loads((tmp_path / "called.json").read_text())[0]
    assert arguments[3:] == [
        "other.yaml", "--board", "native", "--json", "--trace", "my trace.csv",
    ]  # fmt: skip


def test_exec_without_an_app_says_so(
    bench: Bench, no_network: dict[str, str], tmp_path: Path
) -> None:
    folder = copy_of(bench, tmp_path / "p")
    code, said = plain_pio(folder, no_network, "-e", "native", "-t", "exec")
    assert code != 0
    assert "tinyfield build APP --board native" in said


def test_inside_exec_the_image_is_not_built_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = bench.image("native")
    monkeypatch.setenv("TINYFIELD_IMAGE", str(image.elf))
    monkeypatch.setattr(pio.process, "run", None)
    assert pio.build("native", bench.folder) == image


def test_inside_exec_an_image_older_than_its_sources_is(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = copy_of(bench, tmp_path / "p")
    elf = pio.build("native", folder).elf
    before = elf.stat().st_mtime_ns
    with (folder / "firmware/generated/native/app.c").open("a") as source:
        source.write("int one_more;\nint one_more = 1;\n")
    monkeypatch.setenv("TINYFIELD_IMAGE", str(elf))
    assert pio.build("native", folder).elf.stat().st_mtime_ns > before


def test_nothing_generated_yet(no_network: dict[str, str], tmp_path: Path) -> None:
    folder = project.ensure_project(tmp_path / "p")
    with pytest.raises(UserError, match="no app has been generated for native") as caught:
        pio.build("native", folder)
    assert "tinyfield build" in str(caught.value.hint)


def test_the_registry_out_of_reach_is_said_without_waiting_for_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is asked once whether it is there; PlatformIO itself would ask for minutes."""
    folder = copy_of(bench, tmp_path / "p")
    shutil.copytree(folder / "firmware/generated/native", folder / "firmware/generated/uno")
    with proxy() as (way_out, asked):
        for name in PROXIES:
            monkeypatch.setenv(name, way_out)
        with pytest.raises(EnvironmentFault, match="registry is out of reach") as caught:
            pio.build("uno", folder)
    registry = [one for one in asked if "registry" in one]  # and PlatformIO if anybody is there
    assert registry == ["api.registry.platformio.org:443"]
    assert "pio pkg install -e uno" in str(caught.value.hint)


def test_a_compile_error_shows_what_the_compiler_said(bench: Bench, tmp_path: Path) -> None:
    folder = copy_of(bench, tmp_path / "p")
    with (folder / "firmware/generated/native/app.c").open("a") as source:
        source.write("int here_it_breaks(void) { return not_there; }\n")
    with pytest.raises(pio.BuildError, match="not_there") as caught:
        pio.build("native", folder)
    assert "app.c" in caught.value.message
    assert len(caught.value.message.splitlines()) < 40


def test_a_missing_cross_compiler_names_its_package(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match="arm-none-eabi-gcc is not installed") as caught:
        pio.build("qemu_m4", bench.folder)
    assert "apt install gcc-arm-none-eabi" in caught.value.install


def test_a_missing_avr_core_names_its_package(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    need(load_boards()["simavr_uno"])
    folder = copy_of(bench, tmp_path / "p")
    monkeypatch.setenv("TINYFIELD_ARDUINO_AVR", str(tmp_path / "none"))
    with pytest.raises(MissingToolError) as caught:
        pio.build("simavr_uno", folder)
    assert "arduino-core-avr" in caught.value.install


def test_no_pio(bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "pio" else name)
    with pytest.raises(MissingToolError, match="pio"):
        pio.build("native", bench.folder)


def test_no_project_and_no_environment(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no platformio\.ini"):
        pio.build("native", tmp_path)
    with pytest.raises(UserError, match="no environment 'nano'"):
        pio.build("nano", bench.folder)


@pytest.mark.parametrize(
    ("board", "size"), [("qemu_m4", "arm-none-eabi-size"), ("simavr_uno", "avr-size")]
)
def test_sizes_are_those_of_binutils(bench: Bench, board: str, size: str) -> None:
    image = bench.image(board)
    said = subprocess.run([size, str(image.elf)], capture_output=True, text=True, check=True)
    text, data, bss = (int(word) for word in said.stdout.splitlines()[1].split()[:3])
    assert (image.text, image.data, image.bss) == (text, data, bss)
    assert image.flash == text + data
    assert image.ram == data + bss


@pytest.mark.parametrize(
    "content", [b"", b"\x7fELF", b"MZ" * 100, b"\x7fELF\x01\x01" + b"\xff" * 60]
)
def test_what_is_no_image(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "firmware.elf"
    path.write_bytes(content)
    with pytest.raises(EnvironmentFault):
        pio.image("native", tmp_path, path)
    with pytest.raises(EnvironmentFault):
        pio.image("native", tmp_path, tmp_path / "none.elf")


def test_a_read_only_cache(bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(EnvironmentFault, match="cache"):
        pio.build("native", bench.folder)


def test_no_c_compiler_at_all(
    bench: Bench, no_network: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TINYFIELD_CC", "no-such-cc")
    hostcc.compiler.cache_clear()
    try:
        with pytest.raises(MissingToolError, match="no-such-cc"):
            pio.build("native", bench.folder)
    finally:
        hostcc.compiler.cache_clear()
    env = {**no_network, "TINYFIELD_CC": "no-such-cc"}
    code, said = plain_pio(bench.folder, env, "-e", "native")
    assert code != 0
    assert "no-such-cc is not installed. Try: sudo apt-get install gcc" in said


def test_a_scratch_project_leaves_what_was_built_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, root: Path
) -> None:
    """What is built only to be looked at does not take the place of a user's own build."""
    mine = project.ensure_project(tmp_path / "mine")
    kept = mine / "firmware" / "generated" / "native" / "app.c"
    kept.parent.mkdir(parents=True)
    kept.write_text("mine")
    monkeypatch.chdir(mine)
    with project.scratch() as folder:
        run = pipeline.simulate(
            root / "apps" / "pet_feeder.yaml", board="native", limit=3, out=folder
        )
        list(run)
        assert (folder / "firmware" / "generated" / "native" / "app.c").is_file()
    assert not folder.exists()
    assert [path.name for path in kept.parent.iterdir()] == ["app.c"]
    assert kept.read_text() == "mine"
