"""The pictures of GUIDE and README: a ward with one real patient's recordings, photographed while it is watched and judged.

    photograph.py VIGIL FOLDER          (make screenshots)
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from browser import Seat, ask, browser, expect, tell, wait_until

vigil, folder = Path(sys.argv[1]), Path(sys.argv[2])
ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "127.0.0.1:18766"
RECORDINGS = ", ".join(f'"{ROOT}/patients/chb03/recordings/sub-chb03_ses-01_task-szMonitoring_run-{run}_eeg.edf"' for run in ("07", "09", "10"))
SIZE = {"width": 1440, "height": 1080}
# A child's seizure is large.
PANE = """localStorage.setItem('vigil-pane', '{"gain":50}')"""
# Some of the child's own recordings, as fast as they happened; beside them beds with made-up EEG and one without signal.
WARD = f"""
[ward]
name = "Epilepsy monitoring unit"
state = "state"
patients = "patients"
models = "{ROOT}/models"
[http]
listen = "{ADDRESS}"
[record]
folder = "record"
keep_free_gb = 0
warn_free_gb = 0
[[bed]]
name = "emu-01"
patient = "chb03"
source.replay = {{ recordings = [{RECORDINGS}], speed = 1.0 }}
[[bed]]
name = "emu-02"
patient = "made-up"
source.synthetic = {{ eeg = {{ seed = 7, duration_s = 40000 }} }}
[[bed]]
name = "emu-03"
patient = "waiting"
source.rda = {{ host = "127.0.0.1", port = 51244 }}
"""


def judged(seat):
    """All alarms of the night but one, as the expert's marks say: these are seizures."""
    page = seat.page
    alarms = ask(ADDRESS, "/alarms?kind=seizure")
    for alarm in alarms[:-1]:
        seat.go(f"alarms/{alarm['alarm']}")
        expect(page.locator("li.chosen")).to_have_attribute("data-alarm", alarm["alarm"])
        expect(page.locator(".pane .says")).to_contain_text("negative up")
        page.keyboard.press("c")
        expect(page.locator(f"li[data-alarm='{alarm['alarm']}']")).to_have_attribute("data-reviewed", "seizure")
    return alarms


def taken_note_of(page):
    """Every alarm that waits, technical ones too: what is left above the views is what lasts."""
    waiting = page.locator("[data-testid=open-alarms] [data-alarm]")
    while waiting.count():
        alarm = waiting.first.get_attribute("data-alarm")
        row = page.locator(f"[data-testid=open-alarms] [data-alarm='{alarm}']")
        row.locator("[data-action=acknowledge]").click()
        expect(row).to_have_count(0)
    # Rows stay where they are under a pointer.
    page.mouse.move(SIZE["width"] / 2, SIZE["height"] - 20)


with tempfile.TemporaryDirectory() as home:
    home = Path(home)
    for patient in ("chb03", "made-up", "waiting"):
        (home / "patients" / patient).mkdir(parents=True)
        for file in ("patient.toml", "autoencoder.safetensors") if patient == "chb03" else ("patient.toml",):
            (home / "patients" / patient / file).write_bytes((ROOT / "patients/chb03" / file).read_bytes())
    (home / "vigil.toml").write_text(WARD)
    daemon = subprocess.Popen([vigil, "serve", "--config", home / "vigil.toml"], stderr=subprocess.DEVNULL)
    try:
        time.sleep(3)
        with browser() as chromium:
            seat = Seat(chromium, ADDRESS, reader="Dr. Example", size=SIZE)
            seat.context.add_init_script(PANE)
            page = seat.go("ward")
            expect(page.get_by_test_id("open-alarms").locator(".banner").first).to_contain_text("SEIZURE ALARM", timeout=120_000)
            page.wait_for_timeout(1500)
            page.screenshot(path=folder / "ward.png")
            tell("the ward, in alarm")
            # Minutes: it runs as fast as the child did.
            while ask(ADDRESS, "/beds/emu-01")["phase"] != "ended":
                page.wait_for_timeout(1000)
            alarms = judged(seat)
            taken_note_of(page)
            wanted = alarms[-2]["alarm"]
            seat.go(f"alarms/{wanted}")
            expect(page.locator("li.chosen")).to_have_attribute("data-alarm", wanted)
            expect(page.locator(".pane .says")).to_contain_text("negative up")
            page.keyboard.press("e")
            expect(page.get_by_text("What the alarm rests on")).to_be_visible()
            page.wait_for_timeout(13_000)
            page.locator(".side").evaluate("e => e.scrollTo(0, 0)")
            page.screenshot(path=folder / "alarms.png")
            seat.go("rates")
            expect(page.locator("tr[data-of=ward]").first).to_be_visible()
            page.wait_for_timeout(500)
            page.screenshot(path=folder / "rates.png")
            seat.go("recalibration/chb03")
            page.get_by_text("Try settings by hand").click()
            page.get_by_label("Accumulator at which an alarm rises").fill("9")
            page.locator("[data-action=preview]").click()
            wait_until("the preview", lambda: page.wait_for_timeout(50) or page.locator("[data-testid=preview] table, [data-testid=preview] [role=alert]").count())
            page.set_viewport_size({"width": 1440, "height": 1400})
            page.screenshot(path=folder / "recalibration.png")
            other = Seat(chromium, ADDRESS, reader="Dr. Second", size=SIZE, dark=True)
            other.context.add_init_script(PANE)
            other.go("second")
            expect(other.page.locator(".pane .says")).to_contain_text("negative up")
            other.page.wait_for_timeout(1000)
            other.page.screenshot(path=folder / "second-reader.png")
            tell("photographed: ward, alarms, rates, recalibration, second-reader")
    finally:
        daemon.terminate()
        daemon.wait()
