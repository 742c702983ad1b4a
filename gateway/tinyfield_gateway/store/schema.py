"""The tables.

The unique key of a decision is (node, boot, seq) beside an ascending row id. Measured on SQLite
WAL FULL, 1,000 uneven nodes (Pareto rates, restarts), batches of 1,000, 200,000 rows:

=====================================  ========  ==========
shape                                  rows/s    MB written
=====================================  ========  ==========
primary key (node, boot, seq)           110 k      519
primary key (boot, seq, node)           111 k      519
id + unique (node, boot, seq)           163 k      300
id + unique (boot, seq, node)           155 k      316
… + index (node)                         81 k      596
=====================================  ========  ==========

(boot, seq, node) wins by far only where all nodes run in lockstep, which nodes do not; and it
needs a second index for "the last decisions of this node", which this one answers by itself.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

# SQLite's ascending row id is only its very INTEGER PRIMARY KEY; PostgreSQL wants 64 bits.
_Id = BigInteger().with_variant(Integer(), "sqlite")

manifest = Table(
    "manifest",
    metadata,
    Column("hash", BigInteger, primary_key=True, autoincrement=False),
    Column("app", Text, nullable=False),
    Column("json", Text, nullable=False),
)

node = Table(
    "node",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("name", String(16), nullable=False, unique=True),
    Column("board", Text),
    Column("manifest", BigInteger),
    Column("boot", BigInteger, nullable=False),
    Column("last_heard", BigInteger, nullable=False),
    Column("season", BigInteger, nullable=False),
    Column("battery", Integer),
    Column("online", Boolean),
    Column("dropped", BigInteger, nullable=False),
    Column("fault_mask", BigInteger, nullable=False),
    Column("collisions", BigInteger, nullable=False),
    Column("decisions", BigInteger, nullable=False),
    # Of this boot's last heartbeat: which rules it said are active, and when; empty without one.
    Column("active_mask", BigInteger),
    Column("active_said", BigInteger),
)

decision = Table(
    "decision",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("node", _Id, ForeignKey("node.id"), nullable=False),
    Column("boot", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("rule", SmallInteger, nullable=False),
    Column("label", SmallInteger, nullable=False),
    Column("score", SmallInteger, nullable=False),
    Column("flags", SmallInteger, nullable=False),
    Column("battery", Integer),
    Column("manifest", BigInteger, nullable=False),
    Column("why", BigInteger, nullable=False),
    UniqueConstraint("node", "boot", "seq", name="decision_number"),
)

# The newest decision of each rule of each node, so that "what is active" reads a few rows.
rule_state = Table(
    "rule_state",
    metadata,
    Column("node", _Id, ForeignKey("node.id"), primary_key=True, autoincrement=False),
    Column("rule", SmallInteger, primary_key=True, autoincrement=False),
    Column("boot", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("label", SmallInteger, nullable=False),
    Column("active", Boolean, nullable=False),
    # Active, and not waiting for the edge's judgement; and when that was said, by the gateway's
    # clock. Empty in rows of an earlier gateway.
    Column("settled", Boolean),
    Column("said", BigInteger),
)

# Whom the bearers of a manifest want to hear: the rest is in the manifest itself.
neighbour = Table(
    "neighbour",
    metadata,
    Column(
        "manifest",
        BigInteger,
        ForeignKey("manifest.hash"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("place", SmallInteger, primary_key=True, autoincrement=False),
    Column("node", String(16), nullable=False, index=True),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("received", BigInteger, nullable=False),
    Column("topic", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
)

sink_cursor = Table(
    "sink_cursor",
    metadata,
    Column("sink", String(200), primary_key=True),
    Column("last", BigInteger, nullable=False),
)
