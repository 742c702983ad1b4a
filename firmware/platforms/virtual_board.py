"""What the builders of the virtual boards share: tools, warnings, the targets exec and size."""

import os
import shlex
import shutil
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Werror"]


def tools(env, prefix, needs):
    """Use the compiler with this prefix, or say how to install it."""
    compiler = prefix + "gcc"
    if shutil.which(compiler) is None:
        sys.stderr.write(f"Error: {compiler} is not installed. Try: sudo apt-get install {needs}\n")
        env.Exit(1)
    env.Replace(
        CC=compiler,
        CXX=prefix + "g++",
        AS=compiler,
        AR=prefix + "gcc-ar",
        RANLIB=prefix + "gcc-ranlib",
        LINK=compiler,
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
