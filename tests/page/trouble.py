"""What goes wrong before the page, one by one.

    trouble.py ADDRESS PID WHAT [FOLDER]
"""

import os
import signal
import sys
import time
from pathlib import Path

import browser as seats
from browser import Seat, ask, expect, tell, wait_until

address, pid, what, *rest = sys.argv[1:]
pid = int(pid)


def first_alarm():
    """An alarm that is over: what it says changes no more by itself."""
    return wait_until("an alarm that is over", lambda: next((a["alarm"] for a in ask(address, "/alarms?kind=seizure") if a["ended"]), None))


def open_alarm(seat, alarm):
    seat.go(f"alarms/{alarm}")
    expect(seat.page.locator("li.chosen")).to_have_attribute("data-alarm", alarm)
    expect(seat.page.locator(".about")).to_contain_text("Seizure alarm")
    return seat.page


def pause(page):
    """Stops the page's clock. Where the moment that was named has gone by meanwhile, the clock stands, and a later one is named."""
    for attempt in range(2):
        try:
            return page.clock.pause_at(page.evaluate("() => Date.now()") / 1000 + 0.2)
        except seats.PlaywrightError as error:
            if attempt or "past" not in str(error):
                raise


def a_lost_connection_shows_itself(chromium):
    """Within three seconds of the last beat, though the socket stays open: the daemon is stopped, not ended. The page's clock
    is in the test's hands, so that a slow machine cannot make it late."""
    seat = Seat(chromium, address)
    seat.page.clock.install()
    page = seat.go("ward")
    expect(page.get_by_test_id("tile").first).to_be_visible()
    expect(page.get_by_test_id("no-signal").first).to_be_hidden()
    page.evaluate("""() => {
        const events = new EventSource('/api/v1/events');
        events.addEventListener('beat', () => { window.heardAt = performance.now(); });
    }""")
    page.wait_for_function("() => window.heardAt")
    bursts = lambda: page.evaluate("() => Number(document.documentElement.dataset.soundsPlayed ?? 0)")
    before = bursts()
    os.kill(pid, signal.SIGSTOP)
    try:
        # What was under way arrives; then the clock stands still until it is told to go on.
        time.sleep(0.3)
        pause(page)
        left_ms = 3000 - page.evaluate("() => performance.now() - window.heardAt")
        if left_ms > 0:
            page.clock.run_for(int(left_ms))
        assert page.get_by_test_id("lost").is_visible(), "nothing is said 3 s after the last beat"
        assert "CONNECTION LOST" in page.get_by_test_id("lost").inner_text()
        tell(f"said: {page.get_by_test_id('lost').inner_text()}")
        # It is heard, though nothing can be fetched, again and again until somebody has heard it.
        heard = "count => Number(document.documentElement.dataset.soundsPlayed) === count"
        page.wait_for_function(heard, arg=before + 1)
        page.clock.run_for(10_500)
        page.wait_for_function(heard, arg=before + 2)
        page.locator("[data-action=silence-lost]").click()
        page.clock.run_for(30_000)
        assert bursts() == before + 2, bursts()
        # The overlay over each bed appears without any message, with an age that grows.
        page.clock.run_for(1500)
        overlay = page.get_by_test_id("no-signal").first
        expect(overlay).to_be_visible()
        first = overlay.inner_text()
        page.clock.run_for(2000)
        assert overlay.inner_text() != first, first
    finally:
        os.kill(pid, signal.SIGCONT)
    page.clock.resume()
    expect(page.get_by_test_id("lost")).to_be_hidden()
    expect(page.get_by_test_id("no-signal").first).to_be_hidden()
    seat.clean(but=("ERR_", "Failed to load resource"))


def a_browser_that_slept_for_an_hour_knows_it(chromium):
    seat = Seat(chromium, address)
    page = seat.go("ward")
    expect(page.get_by_test_id("tile").first).to_be_visible()
    expect(page.get_by_test_id("no-signal").first).to_be_hidden()
    # While a machine sleeps its wall clock goes on and nothing else does.
    page.evaluate("""() => {
        const now = Date.now;
        window.overlays = [];
        const look = new MutationObserver(() => { for (const o of document.querySelectorAll('[data-testid=no-signal]')) if (!o.hidden) window.overlays.push(o.innerText); });
        look.observe(document.getElementById('main'), { subtree: true, attributes: true, childList: true, characterData: true });
        Date.now = () => now() + 3600e3;
        // What a browser says when its screen comes back.
        document.dispatchEvent(new Event('visibilitychange'));
    }""")
    page.wait_for_function("() => window.overlays.some((words) => /for (1 h|60 min)/.test(words))")
    tell("the overlay tells of an hour")
    expect(page.get_by_test_id("lost")).to_be_hidden()
    expect(page.get_by_test_id("no-signal").first).to_be_hidden()
    seat.clean()


def two_reviewers_at_once_both_see_it(chromium):
    first, second = Seat(chromium, address, reader="Dr. First"), Seat(chromium, address, reader="Dr. Second")
    alarm = first_alarm()
    one, two = open_alarm(first, alarm), open_alarm(second, alarm)
    # The second one's page does not hear of the first one's judgement: its live connection is cut.
    second.context.route("**/api/v1/events", lambda route: route.abort())
    two.reload()
    open_alarm(second, alarm)
    one.keyboard.press("c")
    expect(one.locator(f"li[data-alarm='{alarm}']")).to_have_attribute("data-reviewed", "seizure")
    two.keyboard.press("r")
    dialog = two.locator("dialog[open]")
    expect(dialog).to_contain_text("Judged meanwhile by another")
    expect(dialog).to_contain_text("Dr. First")
    assert ask(address, f"/alarms/{alarm}")["alarm"]["review"]["judgement"] == "seizure"
    dialog.locator("[data-action=save-mine]").click()
    wait_until("the second judgement", lambda: ask(address, f"/alarms/{alarm}")["alarm"]["review"]["by"] == "Dr. Second")
    reviews = [past["entry"] for past in ask(address, f"/alarms/{alarm}")["history"] if "judgement" in str(past["entry"])]
    assert len(reviews) == 2, reviews
    tell("both judgements stand in the log, the second one knowingly after the first")
    second.clean(but=("ERR_", "Failed to load", "409"))


def a_judgement_survives_a_full_disk(chromium):
    folder = Path(rest[0])
    seat = Seat(chromium, address)
    alarm = first_alarm()
    page = open_alarm(seat, alarm)
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for piece in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"\0" * piece)
            except OSError:
                pass
    page.keyboard.press("n")
    page.keyboard.type("written on a full disk")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    expect(page.get_by_test_id("unsaved")).to_contain_text("1 judgement(s) not saved yet")
    tell(f"kept: {page.get_by_test_id('unsaved').inner_text()}")
    # It survives the page as well.
    page.reload()
    expect(page.get_by_test_id("unsaved")).to_contain_text("1 judgement(s) not saved yet")
    filler.unlink()
    expect(page.get_by_test_id("unsaved")).to_be_hidden(timeout=90_000)
    review = ask(address, f"/alarms/{alarm}")["alarm"]["review"]
    assert review["judgement"] == "seizure" and review["note"] == "written on a full disk", review
    tell("in the log as soon as there was room")


def a_recording_whose_file_is_gone_is_said_to_be_gone(chromium):
    seat = Seat(chromium, address)
    alarm = first_alarm()
    bed = ask(address, f"/alarms/{alarm}")["alarm"]["bed"]
    for path in sorted((Path(rest[0]) / bed).rglob("*.h5")):
        path.unlink()
    page = open_alarm(seat, alarm)
    says = page.locator(".pane .says")
    wait_until("the page's words", lambda: page.wait_for_timeout(50) or any(word in says.inner_text() for word in ("gone", "no record", "not recorded", "nothing is recorded", "no longer")))
    tell(f"said: {says.inner_text()}")
    # The alarm is judged all the same.
    page.keyboard.press("u")
    wait_until("the judgement", lambda: page.wait_for_timeout(50) or (ask(address, f"/alarms/{alarm}")["alarm"]["review"] or {}).get("judgement") == "uncertain")


def sound_that_the_browser_refuses_is_told_of(chromium):
    seat = Seat(chromium, address)
    # Headless Chromium refuses no sound: it is made to, as browsers on desks do until somebody has touched the page.
    seat.context.add_init_script("""
        const play = HTMLMediaElement.prototype.play;
        let touched = false;
        addEventListener('pointerdown', () => { touched = true; }, true);
        HTMLMediaElement.prototype.play = function () {
            return touched ? play.call(this) : Promise.reject(new DOMException('not before a touch', 'NotAllowedError'));
        };
    """)
    page = seat.go("ward")
    # Before there is an alarm.
    expect(page.get_by_test_id("silent")).to_be_visible()
    assert not ask(address, "/alarms?kind=seizure")
    page.locator("[data-action=sound-on]").click()
    page.wait_for_function("() => Number(document.documentElement.dataset.soundsPlayed) > 0")
    expect(page.get_by_test_id("silent")).to_be_hidden()


with seats.browser() as chromium:
    globals()[what](chromium)
tell(f"{what.replace('_', ' ')}: done in {time.process_time():.1f} s of processor")
