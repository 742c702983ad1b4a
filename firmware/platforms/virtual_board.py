"""What the builders of the virtual boards share: tools, warnings, the targets exec and size."""

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Werror"]


def tools(env, prefix, needs):
    """Use the cross compiler with this prefix, or say how to install it."""
    if shutil.which(prefix + "gcc") is None:
        missing(env, prefix + "gcc", needs)
    use(env, prefix + "gcc", prefix + "gcc-ar", prefix + "gcc-ranlib")
    env.Replace(CXX=prefix + "g++")


def host_tools(env, needs):
    """Use this PC's C compiler: $TINYFIELD_CC, cc, gcc, clang, or Zig's from the ziglang wheel."""
    own = os.environ.get("TINYFIELD_CC")
    found = next(filter(shutil.which, [own] if own else ["cc", "gcc", "clang"]), None)
    if found is None and not own and importlib.util.find_spec("ziglang") is not None:
        found = f'"{sys.executable}" -m ziglang cc'
    if found is None:
        missing(env, own or "a C compiler", needs)
    use(env, found, "ar", "ranlib")


def missing(env, tool, needs):
    """End the build with the command that installs the tool."""
    sys.stderr.write(f"Error: {tool} is not installed. Try: sudo apt-get install {needs}\n")
    env.Exit(1)


def use(env, compiler, ar, ranlib):
    """The flags that every virtual board has."""
    env.Replace(
        CC=compiler,
        AS=compiler,
        LINK=compiler,
        AR=ar,
        RANLIB=ranlib,
        SIZETOOL=None,
        PROGNAME="firmware",
        PROGSUFFIX=".elf",
    )
    env.Append(
        CFLAGS=["-std=gnu11"],
        CCFLAGS=["-Os", "-g", "-ffunction-sections", "-fdata-sections", "-ffp-contract=off"],
        LINKFLAGS=["-Os", "-Wl,--gc-sections"],
    )


def warnings(env):
    """Our own sources are held to all warnings; a framework's are not."""
    return env.Append(CCFLAGS=WARNINGS)


def targets(env, program, size):
    """``exec`` and ``upload`` run the app's default season on this board; ``size`` prints it."""
    from SCons.Script import AlwaysBuild, Default

    def season(target, source, env):  # noqa: ARG001
        app = os.environ.get("TINYFIELD_APP") or env.GetProjectOption("custom_app", "")
        if not app:
            sys.stderr.write(
                f"Error: no app to run. Try: tinyfield build APP --board {env['PIOENV']}, "
                "or set TINYFIELD_APP\n"
            )
            return 1
        if shutil.which("tinyfield") and not os.environ.get("TINYFIELD_PYTHON"):
            command = ["tinyfield"]
        else:
            command = [os.environ.get("TINYFIELD_PYTHON", env["PYTHONEXE"]), "-m", "tinyfield"]
        command += ["sim", app, "--board", env["PIOENV"]]
        command += shlex.split(os.environ.get("TINYFIELD_SIM_ARGS", ""))
        # The image is this build's own: a second pio run inside this one would fight over it.
        image = {"TINYFIELD_IMAGE": str(source[0].get_abspath())}
        return subprocess.call(command, cwd=env.subst("$PROJECT_DIR"), env={**os.environ, **image})

    for name in ("exec", "upload"):
        env.AddPlatformTarget(
            name, program, env.VerboseAction(season, "Running a season"), "Run", "One season"
        )
    show = env.Alias("size", program, env.VerboseAction(size + " $SOURCE", "Sizes"))
    AlwaysBuild(show)
    Default([program])
