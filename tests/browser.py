"""A headless Chromium for the tests of pages: Debian's, driven by selenium.

Where there is none the tests skip and say so; with HALLEY_BROWSER=required, as in CI, they fail.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--lang=en-US",
)
READY_S = 30


class Page:
    """One page in the browser, looked at as a person would."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, path: Path, *, width: int = 1200, dark: bool = False) -> None:
        """Open a file, in a window of so many pixels, and wait until it has counted."""
        self.show(width=width, dark=dark)
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get(path.as_uri())
        self.until("document.documentElement.dataset.ready === 'true'")

    def show(self, *, width: int, height: int = 900, dark: bool = False) -> None:
        """Set the size of the window and the colours that the system prefers."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [theme]})

    def js(self, script: str, *args: object) -> Any:
        """Evaluate an expression in the page."""
        return self.driver.execute_script(f"return {script}", *args)

    def until(self, condition: str) -> None:
        """Wait until an expression is true."""
        from selenium.webdriver.support.ui import WebDriverWait  # noqa: PLC0415

        WebDriverWait(self.driver, READY_S, 0.02).until(lambda _: self.js(condition))

    def find(self, selector: str) -> Any:
        """The one element of a selector."""
        (found,) = self.driver.find_elements("css selector", selector)
        return found

    def text(self, selector: str) -> str:
        """What a person reads there."""
        return self.find(selector).text

    def rows(self, table: str) -> list[list[str]]:
        """The cells of a table, all rows of it."""
        for more in self.driver.find_elements("css selector", f"#{table} > .more"):
            more.click()
        cells = "[...row.cells].map((cell) => cell.innerText.trim())"
        return self.js(f"[...document.querySelectorAll('#{table} tbody tr')].map((row) => {cells})")

    def choose(self, control: str, text: str) -> None:
        """Choose from a list by what a person reads."""
        from selenium.webdriver.support.ui import Select  # noqa: PLC0415

        Select(self.find(f"#{control}")).select_by_visible_text(text)

    def complaints(self) -> list[str]:
        """What the browser has to say against the page since it was opened."""
        return [entry["message"] for entry in self.driver.get_log("browser")]


@contextmanager
def chromium() -> Iterator[Page]:
    """Start a browser without a network and with a profile of its own."""
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (binary and driver):
        missing = "no browser: install chromium and chromium-driver"
        if os.environ.get("HALLEY_BROWSER") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    from selenium import webdriver  # noqa: PLC0415 - only where there is a browser
    from selenium.webdriver.chrome.service import Service  # noqa: PLC0415

    with TemporaryDirectory(prefix="halley-browser-", ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = binary
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        started = webdriver.Chrome(options=options, service=Service(driver))
        try:
            started.execute_cdp_cmd("Network.enable", {})
            offline = {
                "offline": True,
                "latency": 0,
                "downloadThroughput": 0,
                "uploadThroughput": 0,
            }
            started.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
            yield Page(started)
        finally:
            started.quit()
