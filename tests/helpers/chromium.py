"""A page as a headless Chromium has it after its scripts ran."""

import html
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def document_of(page: Path, address: str = "", script: str = "") -> str:
    """The document of a page at `#address`, with a script of one's own behind the page's.

    The calling test is skipped where no Chromium is installed.
    """
    browser = next(filter(None, map(shutil.which, NAMES)), None)
    if browser is None:
        pytest.skip(f"needs a Chromium, found none of {', '.join(NAMES)}")
    copy = page.with_name(f"driven_{page.name}")  # beside it, for what the page loads
    copy.write_text(page.read_text().replace("</body>", f"<script>{script}</script></body>"))
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    options += ["--virtual-time-budget=20000", "--dump-dom", f"{copy.as_uri()}#{address}"]
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            done = subprocess.run(
                [browser, f"--user-data-dir={profile}", *options],
                capture_output=True,
                text=True,
                check=True,
                timeout=120,
            )
    finally:
        copy.unlink()
    return html.unescape(done.stdout)
