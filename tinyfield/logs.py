"""Decoded frames from a node's serial port, or from a virtual board's link."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tinyfield.errors import EnvironmentFault, UserError, WireError
from tinyfield.wire import (
    Case,
    Frame,
    FrameReader,
    FrameType,
    Kind,
    Manifest,
    Message,
    decode_message,
)


@dataclass(frozen=True)
class LogLine:
    """One frame: its kind, and what it says."""

    kind: str
    text: str
    fields: dict[str, object]

    def as_json(self) -> str:
        """The line as one JSON object."""
        return json.dumps({"kind": self.kind, **self.fields}, ensure_ascii=False)


def load_names(path: Path | None) -> Manifest | None:
    """The manifest that gives the ids their names; ``None`` leaves numbers.

    Raises:
        UserError: the file is not there, or is no manifest.
    """
    if path is None:
        return None
    try:
        return Manifest.from_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}", hint="tinyfield build writes it") from None
    except WireError as error:
        raise UserError(
            f"{path}: {error.message}", hint="pass firmware/generated/<env>/manifest.json"
        ) from None


def _decision(message: Message, names: Manifest | None) -> tuple[str, dict[str, object]]:
    rule, label = str(message.rule), str(message.label)
    why = [str(i) for i in range(16) if (message.why or 0) >> i & 1]
    action: str | None = None
    known = names is not None and names.hash == message.manifest
    number = -1 if message.rule is None else message.rule
    if known and names is not None and 0 <= number < len(names.rules):
        entry = names.rules[number]
        rule = entry.name
        if message.label is not None and message.label < len(entry.labels):
            label = entry.labels[message.label]
        why = [entry.clauses[int(i)] for i in why if int(i) < len(entry.clauses)]
        action = names.action_text(number, label)
    outcome = message.outcome.name.lower() if message.outcome else None
    fields: dict[str, object] = {
        "boot": message.boot,
        "seq": message.seq,
        "age": message.age,
        "decision": rule,
        "label": label,
        "confidence": round(message.confidence, 3),
        "active": message.active,
        "action": action if outcome else None,
        "outcome": outcome,
        "why": why,
    }
    if message.case != Case.NONE:
        fields["case"] = message.case.name.lower()
    text = f"{rule} = {label} ({message.confidence:.2f})"
    if outcome:
        text += f" -> {action or 'action'}: {outcome}"
    if message.case != Case.NONE:
        text += f"  [{message.case.words}{'' if message.active else ', dismissed'}]"
    if why:
        text += "  because " + ", ".join(why)
    return text, fields


def _uplink(payload: bytes, names: Manifest | None) -> LogLine:
    try:
        message = decode_message(payload)
    except WireError as error:
        return LogLine("bad", f"bad uplink: {error.message}", {"error": error.message})
    if message.kind is Kind.DECISION:
        text, fields = _decision(message, names)
        return LogLine("decision", text, fields)
    kind = message.kind.name.lower()
    fields = {"node": message.node, "boot": message.boot, "battery_mv": message.battery}
    text = f"{message.node} boot {message.boot}"
    if message.counters:
        samples, faults, dropped = message.counters
        fields |= {"samples": samples, "faults": faults, "dropped": dropped}
        text += f", {samples} samples, {faults} faults, {dropped} dropped"
    return LogLine(kind, f"{kind}: {text}", fields)


def describe(frame: Frame, names: Manifest | None = None) -> LogLine:
    """One frame in words. Rows are shown by their time alone: their values are raw."""
    if frame.type is FrameType.UPLINK:
        return _uplink(frame.payload, names)
    if frame.type is FrameType.LOG:
        text = frame.payload.decode("utf-8", errors="replace")
        return LogLine("log", text, {"text": text})
    fields: dict[str, object] = {"bytes": len(frame.payload)}
    if len(frame.payload) >= 4 and frame.type in (FrameType.ROW_REQUEST, FrameType.ACT):
        fields["t"] = struct.unpack_from("<I", frame.payload)[0]
    kind = frame.type.name.lower()
    return LogLine(kind, " ".join([kind, *(f"{k}={v}" for k, v in fields.items())]), fields)


def find_port() -> str:
    """The first serial device that looks like a board.

    Raises:
        UserError: there is none.
    """
    from serial.tools import list_ports

    ports = [port.device for port in list_ports.comports() if port.vid is not None]
    if not ports:
        raise UserError(
            "no board is connected by USB",
            hint="name its port with --port, or a virtual board's link:"
            " --port socket://127.0.0.1:PORT",
        )
    return str(ports[0])


def follow(
    port: str | None, *, baud: int = 115200, names: Manifest | None = None
) -> Iterator[LogLine]:
    """Frames from ``port`` as they come, until it closes.

    Raises:
        EnvironmentFault: the port cannot be opened.
    """
    import serial

    device = port or find_port()
    try:
        stream = serial.serial_for_url(device, baudrate=baud, timeout=1)
    except (serial.SerialException, ValueError, OSError) as error:
        raise EnvironmentFault(
            f"{device} cannot be opened: {error}",
            hint="is another program holding it? May you read it (group dialout)?",
        ) from None
    reader = FrameReader()
    seen_errors = 0
    with stream:
        while True:
            try:
                data = stream.read(max(1, stream.in_waiting))
            except (serial.SerialException, OSError):
                return
            for frame in reader.feed(data):
                yield describe(frame, names)
            if reader.errors != seen_errors:
                yield LogLine(
                    "bad",
                    f"{reader.errors - seen_errors} frames lost (noise, or another baud rate?)",
                    {"lost": reader.errors - seen_errors},
                )
                seen_errors = reader.errors
