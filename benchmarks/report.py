"""How long a report takes over a large log, beside a plain loop over the same lines.

The log is that of the tests, a seeded bad day, ten times over. Everything runs in one process, in
turns; the fastest of each counts, since the rest is the machine's noise. Quote ratios.

    python benchmarks/report.py [--records 300000] [--rounds 3] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.records.report.logs import day

from halley.records.report.load import DETAILS, loaded
from halley.records.report.page import page
from halley.records.report.query import report

DAYS = 10
RECORDS_A_CALL = 1.07
TARGET_S = 1.0


def write(path: Path, records: int) -> None:
    """Write so many records, as halley does."""
    one = day(calls=round(records / DAYS / RECORDS_A_CALL))
    with path.open("w", encoding="utf-8") as file:
        for number in range(DAYS):
            for record in one:
                shifted = {
                    "call_id": f"{number}{record['call_id'][1:]}",
                    "ts": record["ts"].replace("-11-23", f"-11-{10 + number}"),
                }
                file.write(json.dumps({**record, **shifted}) + "\n")


def loop(path: Path) -> None:
    """What a short script would count: decisions by kind, model and key, and one percentile."""
    kinds: Counter[tuple[str, ...]] = Counter()
    elapsed = []
    with path.open("rb") as file:
        for line in file:
            record = json.loads(line)
            kinds[record["kind"], record["model"], record["key"], record["action"]] += 1
            elapsed.append(record["elapsed_s"])
    quantiles(elapsed, n=100)


def whole_report(path: Path) -> None:
    """What `halley report LOG` counts: everything."""
    with loaded([str(path)]) as log:
        report(log)


def whole_page(path: Path) -> int:
    """What `halley report LOG --html` writes; return its size."""
    with loaded([str(path)], DETAILS) as log:
        return len(page(log))


def fastest(path: Path, rounds: int) -> dict[str, dict[str, float]]:
    """Run each in turns; return the fastest wall and CPU seconds of each."""
    variants: dict[str, Callable[[Path], object]] = {
        "json.loads in a loop": loop,
        "halley report": whole_report,
        "halley report --html": whole_page,
    }
    found: dict[str, dict[str, float]] = {}
    for _ in range(rounds):
        for name, run in variants.items():
            wall, cpu = time.perf_counter(), time.process_time()
            run(path)
            took = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
            best = found.setdefault(name, took)
            found[name] = {kind: min(best[kind], took[kind]) for kind in took}
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        path = Path(folder, "app.jsonl")
        write(path, options.records)
        size_mb = path.stat().st_size / 1e6
        with loaded([str(path)]) as log:
            records = log.records
        page_mb = whole_page(path) / 1e6
        found = fastest(path, options.rounds)
    if options.json:
        log_of = {"records": records, "log_mb": size_mb, "page_mb": page_mb}
        print(json.dumps({**log_of, "variants": found}))
        return
    print(f"{records:,} records, {size_mb:.0f} MB; the page has {page_mb:.1f} MB")
    base = found["json.loads in a loop"]
    for name, took in found.items():
        ratio = took["cpu_s"] / base["cpu_s"]
        print(f"{name:<22} {took['wall_s']:6.2f} s  {took['cpu_s']:6.2f} s CPU  {ratio:5.2f} x")
    print(f"target: {TARGET_S:g} s for 300,000 records on two idle cores")


if __name__ == "__main__":
    main()
