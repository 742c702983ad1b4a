"""``tinyfield-gateway``: arguments → calls; no logic."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from tinyfield.errors import TinyfieldError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="The operator's side of tinyfield: stores what the nodes decide, and shows it.",
    pretty_exceptions_enable=False,
)

_Broker = Annotated[
    Optional[str],  # noqa: UP045 - typer reads this at run time, on Python 3.10 too
    typer.Option(metavar="URL", help="An MQTT broker: mqtt[s]://[USER:PASSWORD@]HOST[:PORT]."),
]
_Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")]


@app.command()
def run(
    *,
    broker: _Broker = None,
    embedded: Annotated[
        bool, typer.Option("--embedded", help="Open a broker of our own, also at --broker.")
    ] = False,
    store: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="URL", help="sqlite:///FILE or postgresql://…"),
    ] = None,
    http: Annotated[
        str, typer.Option(metavar="ADDR", help="Where the page is; port 0: any free one.")
    ] = "127.0.0.1:8080",
    jsonl: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FILE", help="Append each decision to FILE as a line of JSON too."),
    ] = None,
    client_id: Annotated[
        str, typer.Option(help="The gateway's name at the broker; two need two.")
    ] = "tinyfield-gateway",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the addresses as one line of JSON.")
    ] = False,
    verbose: _Verbose = False,
) -> None:
    """Store decisions and serve the page.

    With no options: a broker of our own at 127.0.0.1:1883, SQLite in the data folder, the page
    at http://127.0.0.1:8080.
    """
    from tinyfield_gateway import log
    from tinyfield_gateway.run import run as start

    log.setup(verbose)
    start(
        broker=broker,
        embedded=embedded,
        store=store,
        http=http,
        jsonl=jsonl,
        client_id=client_id,
        say=lambda text: print(text, flush=True),
        as_json=as_json,
    )


@app.command()
def bridge(
    *,
    port: Annotated[
        str, typer.Option(metavar="DEV", help="/dev/ttyACM0, COM3, or socket://HOST:PORT.")
    ],
    broker: _Broker = None,
    manifest: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FILE", help="The build's manifest.json: the names of the decisions."),
    ] = None,
    node: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="ID", help="Call the node so, whatever it says itself."),
    ] = None,
    epoch: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="ISO", help="Date a sim's season: its first moment."),
    ] = None,
    baud: Annotated[int, typer.Option(help="Speed of a serial port.")] = 115200,
    verbose: _Verbose = False,
) -> None:
    """Pass a node's messages from its serial port, or a virtual board's link, to the broker."""
    from tinyfield_gateway import log
    from tinyfield_gateway.bridge import run as start

    log.setup(verbose)
    start(port=port, broker=broker, manifest=manifest, node=node, epoch=epoch, baud=baud)


@app.command()
def answer(
    node: Annotated[str, typer.Argument(metavar="NODE", help="The node that asks.")],
    case: Annotated[
        str, typer.Argument(metavar="BOOT/NUMBER", help="Of the decision, as the page shows it.")
    ],
    verdict: Annotated[str, typer.Argument(metavar="yes|no", help="Whether it is so.")],
    *,
    broker: _Broker = None,
) -> None:
    """Answer a decision that asks for the edge's judgement."""
    from tinyfield.errors import UsageError
    from tinyfield_gateway.answer import send
    from tinyfield_gateway.bus import BrokerAddress, parse_broker

    if verdict not in ("yes", "no"):
        raise UsageError(f"{verdict}: neither yes nor no", hint="say yes, or no")
    send(parse_broker(broker) if broker else BrokerAddress(), node, case, verdict == "yes")
    print(f"told {node}: {case} {verdict}", flush=True)


def main() -> None:
    """The console script."""
    try:
        app()
    except TinyfieldError as error:
        print(f"error: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
