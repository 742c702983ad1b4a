"""The command line of the refits."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

GENERATORS = Path(__file__).resolve().parent.parent / "generators"


def main() -> int:
    """Prints (or with ``--write`` stores) the constants."""
    parser = argparse.ArgumentParser(prog="python -m tinyfield.data.fit", description=__doc__)
    parser.add_argument("what", choices=["weather", "sensors", "column", "rotor", "person"])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds the data sets")
    parser.add_argument("--write", action="store_true", help="store them in the package")
    args = parser.parse_args()
    if args.what == "weather":
        text, name = weather(args.data), "climates.toml"
    elif args.what == "sensors":
        text, name = sensors(args.data), "sensors.toml"
    elif args.what == "rotor":
        text, name = rotor(args.data), "rotor.toml"
    elif args.what == "person":
        text, name = person(args.data), "person.toml"
    else:
        text, name = column(args.data), "column.toml"
    sys.stdout.write(text)
    if args.write:
        (GENERATORS / name).write_text(text, encoding="utf-8")
    return 0


def rotor(data: Path) -> str:
    """The fan's vibration in every state and at every speed."""
    from tinyfield.data.fit.rotor import fit_text
    from tinyfield.data.importers import fan

    return fit_text(fan.read_runs(data / "anomaly_fan"))


def person(data: Path) -> str:
    """How people move with a phone and a watch."""
    from tinyfield.data.fit.person import fit_text
    from tinyfield.data.importers import har

    return fit_text(har.read_executions(data / "har_geotec"))


def weather(data: Path) -> str:
    """Both climates."""
    from tinyfield.data.fit.climate import fit_climate
    from tinyfield.data.importers import maricopa, quebec

    lines = [
        "# Stochastic weather (see weather.py). Curves: mean, cos, sin, cos 2, sin 2 of the year.",
        "# Refit: python -m tinyfield.data.fit weather --data DIR --write",
    ]
    places = [
        (
            "maricopa",
            maricopa.LATITUDE,
            maricopa.ALTITUDE,
            "AZMET Maricopa, Arizona, 2013, April to October 2018 and 2019 (pyfao56, CC0)",
            fit_climate(maricopa.read_weather(data / "irrigation_maricopa"), curve=5),
        ),
        (
            "drummondville",
            quebec.LATITUDE,
            quebec.ALTITUDE,
            "Drummondville, Quebec, 2017-07 to 2020-06 (Cabral 2023, MIT)",
            fit_climate(quebec.read_weather(data / "soil_quebec"), curve=3),
        ),
    ]
    for name, latitude, altitude, source, constants in places:
        lines += ["", f"[{name}]", f"latitude = {latitude}", f"altitude = {altitude}"]
        lines += [f'source = "{source}"']
        for key, value in constants.items():
            if isinstance(value, list) and isinstance(value[0], list):
                lines += [f"{key} = [", *(f"    {row}," for row in value), "]"]
            else:
                lines.append(f"{key} = {value}")
    return "\n".join(lines) + "\n"


def sensors(data: Path) -> str:
    """The soil probe's errors."""
    from tinyfield.data.fit.sensors import fit_sensors
    from tinyfield.data.importers import quebec

    head = (GENERATORS / "sensors.toml").read_text(encoding="utf-8").split("[")[0]
    rows = fit_sensors(quebec.read_sensors(data / "soil_quebec"))
    return (
        head
        + "[soil_probe]\n"
        + "".join(f"{k} = {v}\n" for k, v in rows.items())
        + ("noise_hours = 3.0\n")
    )


def column(data: Path) -> str:
    """The soil column."""
    from tinyfield.data.fit.column import fit_column

    head = (GENERATORS / "column.toml").read_text(encoding="utf-8").split("[")[0]
    return head + fit_column(data / "irrigation_maricopa")


if __name__ == "__main__":
    raise SystemExit(main())
