"""Which Chromium is started, and how: for tests, pictures and measurements alike."""

from __future__ import annotations

NAMES = ("chromium", "chromium-browser", "google-chrome")

# Neither looks for updates nor phones home: tests talk to nobody but this machine.
QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Draws maps by the processor, as the machines that test have no graphics card.
BY_PROCESSOR = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
