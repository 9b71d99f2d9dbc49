#!/usr/bin/env python3
"""How long turning a page of EEG takes on the review page, from the key to drawn pixels, in headless Chromium's software
renderer.

Run: make bench-page  (20 pages forward, 20 back, of 30 s x 19 channels; and 20 pages that nobody has asked for yet)
The page itself measures: from the key's event until a pixel of the drawn canvas has been read back.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "page"))
from browser import Seat, ask, browser, expect, wait_until  # noqa: E402

SECONDS, TURNS = 30, 20
VIGIL = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "vigil"
WARD = """
[ward]
name = "Bench"
state = "state"
patients = "{root}/patients"
models = "{root}/models"
[http]
listen = "127.0.0.1:{port}"
[record]
folder = "record"
keep_free_gb = 0
warn_free_gb = 0
[[bed]]
name = "emu-01"
patient = "chb03"
source.synthetic = {{ speed = 40.0, eeg = {{ seed = 1, duration_s = 40000 }} }}
"""


def turns(seat, key):
    page, took = seat.page, []
    for _ in range(TURNS):
        page.evaluate("() => { delete document.documentElement.dataset.pageTurnMs; }")
        page.keyboard.press(key)
        page.wait_for_function("() => document.documentElement.dataset.pageTurnMs")
        took.append(float(page.evaluate("() => document.documentElement.dataset.pageTurnMs")))
        # As a reader does: one looks at a page before the next.
        page.wait_for_timeout(300)
    return took


def report(what, took):
    took = sorted(took)
    print(f"{what}: median {statistics.median(took):.1f} ms, 90 % within {took[int(len(took) * 0.9) - 1]:.1f} ms, longest {took[-1]:.1f} ms, of {len(took)}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        port = 18765
        (Path(folder) / "vigil.toml").write_text(WARD.format(root=ROOT, port=port))
        daemon = subprocess.Popen([VIGIL, "serve", "--config", f"{folder}/vigil.toml"], stderr=subprocess.DEVNULL)
        try:
            address = f"127.0.0.1:{port}"
            time.sleep(2)
            need = (2 * TURNS + 4) * SECONDS
            recorded = lambda: sum(each["to_s"] - each["from_s"] for each in ask(address, "/beds/emu-01/recorded"))
            wait_until(f"{need} s of record", lambda: time.sleep(1) or recorded() > need)
            with browser() as chromium:
                seat = Seat(chromium, address)
                settings = f'{{"seconds":{SECONDS},"gain":10,"montage":"recorded","low":0.5,"high":70,"notch":50}}'
                seat.context.add_init_script(f"localStorage.setItem('vigil-pane', '{settings}')")
                page = seat.go("bed/emu-01")
                expect(page.locator(".pane .says")).to_contain_text("negative up")
                page.get_by_role("button", name="Follow").click()
                channels = page.locator(".pane .labels").first.locator("button").count()
                print(f"{SECONDS} s x {channels} channels at {ask(address, '/beds/emu-01')['rate_hz']:g} Hz, window 1920 x 1080")
                # The record of a stream faster than real time reaches beyond now: forward first.
                report("a page forward", turns(seat, "]"))
                report("a page back again", turns(seat, "["))
                # What nobody has asked for: the neighbours that the page fetched ahead are forgotten with each change of a filter.
                cold = []
                for turn in range(TURNS):
                    page.evaluate("() => { delete document.documentElement.dataset.pageTurnMs; }")
                    page.get_by_label("High cut").select_option("50" if turn % 2 else "35")
                    page.wait_for_function("() => document.documentElement.dataset.pageTurnMs")
                    cold.append(float(page.evaluate("() => document.documentElement.dataset.pageTurnMs")))
                    page.keyboard.press("Escape")
                    page.locator("h1").first.click()
                    page.keyboard.press("]")
                    page.wait_for_timeout(400)
                report("a page with another filter, from the record's file on", cold)
                seat.clean()
        finally:
            daemon.terminate()
            daemon.wait()


main()
