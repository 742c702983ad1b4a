"""What people and scripts look at: the page, /api, /healthz, /metrics."""

from tinyfield_gateway.web.server import serve

__all__ = ["serve"]
