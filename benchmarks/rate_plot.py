"""Draw the rate that halley finds against the limit that nobody tells it, as an SVG.

Upstream A of `benchmarks/goodput`: ten a second, four from 300 s to 420 s, in virtual time.

    python -m benchmarks.rate_plot > docs/pacing.svg
"""

from __future__ import annotations

import sys

from halley.core.law import Law
from halley.core.policy import Policy
from halley.core.signals import Event, Signal

from .goodput import world
from .goodput.limits import DROP
from .goodput.rows import ROWS

WIDTH, HEIGHT, LEFT, BOTTOM = 860, 300, 44, 34
END_S, TOP_PER_S, LIMIT_PER_S = 900.0, 14.0, 10.0
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #57606a }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  .limit { stroke: #cf222e; stroke-width: 1.5; fill: none; stroke-dasharray: 5 4 }
  .rate { stroke: #0969da; stroke-width: 1.5; fill: none }
  .refused { fill: #cf222e }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 } .grid { stroke: #3d444d }
    .limit { stroke: #f85149 } .rate { stroke: #4493f8 } .refused { fill: #f85149 }
  }
"""


def recorded(seed: int) -> tuple[list[tuple[float, float]], list[float]]:
    """The rate over time, and when calls were refused."""
    rates: list[tuple[float, float]] = []
    refusals: list[float] = []
    apply = Law.apply

    def watched(law: Law, signal: Signal) -> None:
        apply(law, signal)
        if signal.event is Event.REFUSED:
            refusals.append(signal.now)
        rates.append((signal.now, law.rate_per_s or 0.0))

    Law.apply = watched  # type: ignore[method-assign]
    try:
        (row,) = (row for row in ROWS if row.name == "A")
        world.run(row, seed, Policy(pace="ramp", deadline_s=7 * 86400.0))  # type: ignore[arg-type]
    finally:
        Law.apply = apply  # type: ignore[method-assign]
    return rates, refusals


def x_of(seconds: float) -> float:
    """Seconds as pixels from the left."""
    return LEFT + seconds / END_S * (WIDTH - LEFT - 10)


def y_of(per_s: float) -> float:
    """A rate as pixels from the top."""
    return HEIGHT - BOTTOM - min(per_s, TOP_PER_S) / TOP_PER_S * (HEIGHT - BOTTOM - 24)


def path(points: list[tuple[float, float]]) -> str:
    """A line through points in seconds and calls a second; of those on one pixel, the extremes."""
    kept: dict[int, list[tuple[float, float]]] = {}
    for point in points:
        kept.setdefault(int(x_of(point[0])), []).append(point)
    shown = [
        point
        for column in kept.values()
        for point in sorted({min(column, key=lambda p: p[1]), max(column, key=lambda p: p[1])})
    ]
    return "M" + "L".join(f"{x_of(t):.1f},{y_of(rate):.1f}" for t, rate in shown)


def drawing(rates: list[tuple[float, float]], refusals: list[float]) -> str:
    """The picture."""
    steps = [(t, LIMIT_PER_S * DROP.at(t)) for t in range(int(END_S) + 1)]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        "<title>The rate of a lane against a limit of ten a second that drops to four</title>",
        f"<style>{STYLE}</style>",
    ]
    for per_s in range(0, int(TOP_PER_S) + 1, 2):
        y = y_of(per_s)
        lines.append(f'<path class="grid" d="M{LEFT},{y:.1f}H{WIDTH - 10}"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{per_s}</text>')
    for seconds in range(0, int(END_S) + 1, 100):
        x = x_of(seconds)
        lines.append(f'<text x="{x:.1f}" y="{HEIGHT - 14}" text-anchor="middle">{seconds}</text>')
    lines += [
        f'<path class="limit" d="{path(steps)}"/>',
        f'<path class="rate" d="{path(rates)}"/>',
        *(
            f'<circle class="refused" cx="{x_of(t):.1f}" cy="{y_of(0) - 3:.1f}" r="1.6"/>'
            for t in refusals
        ),
        f'<text x="{LEFT}" y="14">calls a second: limit (dashed), rate (line), 429s (dots)</text>',
        f'<text x="{WIDTH - 10}" y="{HEIGHT - 1}" text-anchor="end">seconds</text>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(drawing(*recorded(seed=0)))
