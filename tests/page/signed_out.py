"""A page whose session ended by itself says so and is heard, until somebody signs in or has heard it; one that was signed
out by a person is silent.

    signed_out.py ADDRESS PASSWORD TOKEN      (an account nora, nurse; an alarm that waits)
"""

import json
import re
import urllib.request

from browser import Seat, arguments, browser, expect, tell

address, password, token = arguments()


def sign_in(page):
    page.locator("input[name=name]").fill("nora")
    page.locator("input[name=password]").fill(password)
    page.keyboard.press("Enter")
    expect(page.locator("[data-testid=open-alarms] [data-alarm]").first).to_be_visible()


def change_role(role):
    request = urllib.request.Request(f"http://{address}/api/v1/accounts/nora", data=json.dumps({"role": role}).encode(), method="PUT",
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


with browser() as chromium:
    seat = Seat(chromium, address, reader=None)
    # The page's clock is in the test's hands once it stands still: a slow machine hears no burst more.
    seat.page.clock.install()
    page = seat.go("ward")
    form, ended = page.get_by_role("form", name="Sign in"), page.get_by_test_id("signed-out")
    expect(form).to_be_visible()
    expect(ended).to_be_hidden()
    sign_in(page)
    expect(ended).to_be_hidden()
    change_role("reviewer")
    expect(ended).to_be_visible()
    expect(ended).to_contain_text("SIGNED OUT: alarms are not shown or heard here")
    expect(page).to_have_title(re.compile("^SIGNED OUT"))
    expect(form).to_be_visible()
    expect(page.locator("[data-testid=open-alarms] [data-alarm]")).to_have_count(0)
    tell(f"said: {ended.inner_text()}")
    medium = "() => { const a = document.querySelector('[data-burst=medium]'); return !a.paused && a.currentTime > 0; }"
    page.wait_for_function(medium)
    # Again and again until somebody has heard it.
    bursts = lambda: page.evaluate("() => Number(document.documentElement.dataset.soundsPlayed)")
    page.clock.pause_at(page.evaluate("() => Date.now()") / 1000 + 1)
    before = bursts()
    page.clock.run_for(10_500)
    page.wait_for_function("before => Number(document.documentElement.dataset.soundsPlayed) > before", arg=before)
    page.locator("[data-action=silence-signed-out]").click()
    silent = bursts()
    page.clock.run_for(60_000)
    assert bursts() == silent, (bursts(), silent)
    expect(ended).to_be_visible()
    tell("heard until it was silenced; the words stay")
    page.clock.resume()
    sign_in(page)
    expect(ended).to_be_hidden()
    expect(page).to_have_title(re.compile(r"^\(\d+\) ALARM "))
    page.locator("[data-action=sign-out]").click()
    expect(form).to_be_visible()
    expect(ended).to_be_hidden()
    assert "SIGNED OUT" not in page.title(), page.title()
    tell("whoever signs out knows it")
    seat.clean(but=("401", "ERR_"))
tell("done")
