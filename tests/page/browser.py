"""Headless Chromium before the review page: seats, what they saw go wrong, and questions to the API beside them."""

import contextlib
import json
import os
import shutil
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect, sync_playwright

expect.set_options(timeout=60_000)
PATIENCE_S = 120
LARGE, TABLET = {"width": 1920, "height": 1080}, {"width": 1024, "height": 768}


def from_folder(route):
    """While one works on the page: its files as they lie in $VIGIL_PAGE, without building the program anew."""
    path = Path(os.environ["VIGIL_PAGE"]) / route.request.url.split("/page/")[1].split("?")[0]
    route.fulfill(path=str(path), content_type={".js": "text/javascript", ".css": "text/css", ".wav": "audio/wav", ".svg": "image/svg+xml"}[path.suffix])


def chromium():
    return os.environ.get("VIGIL_CHROMIUM") or shutil.which("chromium")


@contextlib.contextmanager
def browser():
    """Debian's Chromium with its software renderer; sound needs no touch, as on a ward's wall."""
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--mute-audio"]
    arguments.append("--autoplay-policy=no-user-gesture-required")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield started
        started.close()


class Seat:
    """One person before one screen, with cookies and storage of their own."""

    def __init__(self, browser, address, *, reader="Dr. First", size=None, dark=False, **more):
        self.address = address if "://" in address else f"http://{address}"
        scheme = "dark" if dark else "light"
        self.context = browser.new_context(viewport=size or LARGE, color_scheme=scheme, locale="en-GB", timezone_id="Europe/Berlin", accept_downloads=True, **more)
        if reader:
            self.context.add_init_script(f"localStorage.setItem('vigil-reader', {json.dumps(reader)})")
        if os.environ.get("VIGIL_PAGE"):
            self.context.route("**/page/**", from_folder)
        # Clicks, loads and pictures are given as long as what is expected.
        self.context.set_default_timeout(60_000)
        self.wrong = []
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("console", lambda message: self.wrong.append(f"console: {message.text} {message.location.get('url', '')}") if message.type == "error" else None)

    def go(self, place=""):
        self.page.goto(f"{self.address}/#/{place}")
        return self.page

    def clean(self, *, but=()):
        """What the console complained of, apart from what was provoked."""
        left = [words for words in self.wrong if not any(part in words for part in but)]
        assert not left, left

    def wait_until(self, what, holds):
        return wait_until(what, holds, pause=lambda: self.page.wait_for_timeout(50))


def wait_until(what, holds, pause=lambda: time.sleep(0.05)):
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE_S:
        found = holds()
        if found:
            return found
        pause()
    raise AssertionError(f"waited {PATIENCE_S} s for {what}")


def ask(address, path):
    """What the API says, asked beside the browser. While the log is being written to it may have no answer yet: then again."""
    began = time.monotonic()
    while True:
        try:
            with urllib.request.urlopen(f"http://{address}/api/v1{path}") as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code != 503 or time.monotonic() - began > PATIENCE_S:
                raise
        time.sleep(0.1)


def tell(words):
    """To the test that runs this: progress, a line each."""
    print(words, flush=True)


def arguments():
    return sys.argv[1:]
