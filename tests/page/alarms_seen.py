"""That each alarm is seen, and that what is done falls on the alarm that was looked at, one by one.

    alarms_seen.py ADDRESS WHAT
"""

import re
import sys

import browser as seats
from browser import Seat, ask, expect, tell, wait_until

address, what = sys.argv[1:]


def waiting(kind="seizure"):
    """Alarms that wait for somebody, as the banner is to show them: what lasts first, then the latest."""
    alarms = [each for each in ask(address, f"/alarms?open=true&kind={kind}") if each["phase"] in ("active", "audio-paused", "latched")]
    by_time = sorted(alarms, key=lambda each: each["raised"], reverse=True)
    return [each["alarm"] for each in sorted(by_time, key=lambda each: ["active", "audio-paused", "latched"].index(each["phase"]))]


def over(count):
    """So many seizure alarms, all of them over, of beds whose recordings have ended: nothing changes any more by itself."""
    return wait_until(f"{count} alarms that are over", lambda: all(each["phase"] == "ended" for each in ask(address, "/beds") if each["bed"] != "emu-09") and len(waiting()) >= count and all(
        each["ended"] for each in ask(address, "/alarms?kind=seizure")) and waiting())


def row(seat, alarm):
    return seat.page.locator(f"[data-testid=open-alarms] [data-alarm='{alarm}']")


def reviews(alarm):
    return ask(address, f"/alarms/{alarm}")["alarm"]["review"]


def seen_by(alarm):
    return [who for who, _ in ask(address, f"/alarms/{alarm}")["alarm"]["acknowledged"]]


def the_latest_alarm_is_shown_though_older_ones_wait(chromium):
    alarms = over(4)
    seat = Seat(chromium, address)
    seat.go("rates")
    for alarm in alarms[:3]:
        expect(row(seat, alarm)).to_be_visible()
    shown = seat.page.locator("[data-testid=open-alarms] [data-alarm]")
    assert [each.get_attribute("data-alarm") for each in shown.all()] == alarms[:3], alarms
    more = seat.page.get_by_test_id("open-alarms").get_by_text(re.compile(r"^and \d+ more: "))
    for alarm in alarms[3:]:
        expect(more).to_contain_text(ask(address, f"/alarms/{alarm}")["alarm"]["bed"])
    tell(f"shown: {more.inner_text()}")
    seat.clean()


def a_key_never_falls_on_an_alarm_that_came_first_just_now(chromium):
    first, second, *_ = over(2)
    nurse, other = Seat(chromium, address, reader="Nurse N"), Seat(chromium, address, reader="Nurse O")
    nurse.page.clock.install()
    nurse.go("ward"), other.go("ward")
    expect(row(nurse, second)).to_be_visible()
    # The page's clock stands still: however slow the machine, the key comes a moment after the change.
    nurse.page.clock.pause_at(nurse.page.evaluate("() => Date.now()") / 1000 + 1)
    row(other, first).locator("[data-action=acknowledge]").click()
    expect(row(nurse, first)).to_have_count(0)
    nurse.page.keyboard.press("a")
    expect(nurse.page.get_by_test_id("notice")).to_contain_text("press again")
    assert seen_by(second) == [] and seen_by(first) == ["Nurse O"], (seen_by(first), seen_by(second))
    nurse.page.clock.run_for(1600)
    nurse.page.keyboard.press("a")
    expect(row(nurse, second)).to_have_count(0)
    assert seen_by(second) == ["Nurse N"], seen_by(second)
    tell("a key that came too late did nothing, and said so")
    nurse.clean(), other.clean()


def rows_do_not_move_under_a_pointer(chromium):
    first, second, *_ = over(2)
    nurse, other = Seat(chromium, address, reader="Nurse N"), Seat(chromium, address, reader="Nurse O")
    nurse.go("ward"), other.go("ward")
    box = row(nurse, first).locator("[data-action=acknowledge]").bounding_box()
    at = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    nurse.page.mouse.move(*at, steps=3)
    row(other, first).locator("[data-action=acknowledge]").click()
    expect(nurse.page.locator(".banner.gone")).to_contain_text("waits no more")
    nurse.page.mouse.down(), nurse.page.mouse.up()
    # The one below is where it was, and its button is its own.
    row(nurse, second).locator("[data-action=acknowledge]").click()
    nurse.wait_until("the note", lambda: seen_by(second) == ["Nurse N"])
    assert seen_by(first) == ["Nurse O"], seen_by(first)
    # Where the pointer has left, what waits no more goes.
    nurse.page.mouse.move(600, 700, steps=3)
    expect(nurse.page.locator(".banner.gone")).to_have_count(0)
    tell("a click on what another had taken note of fell on nobody else's alarm")
    nurse.clean(), other.clean()


def half_a_note_is_not_taken_for_keys(chromium):
    alarm, *_ = over(2)
    reviewer, other = Seat(chromium, address), Seat(chromium, address, reader="Nurse O")
    page = reviewer.go(f"alarms/{alarm}")
    other.go("ward")
    expect(page.locator("li.chosen")).to_have_attribute("data-alarm", alarm)
    expect(page.locator("[data-action=seizure]")).to_be_enabled()
    expect(row(reviewer, alarm)).to_be_visible()
    page.keyboard.press("n")
    page.keyboard.type("over the left, ")
    row(other, alarm).locator("[data-action=acknowledge]").click()
    expect(row(reviewer, alarm)).to_have_count(0)
    expect(page.locator(".about")).to_contain_text("seen by Nurse O")
    page.keyboard.type("a curious rhythm, unclear")
    expect(page.get_by_label("Note (n)")).to_have_value("over the left, a curious rhythm, unclear")
    assert reviews(alarm) is None
    assert all(seen_by(each) == [] for each in waiting())
    tell("the whole note stands in its field")
    reviewer.clean(but=("404",)), other.clean()


def nothing_is_judged_before_it_is_open(chromium):
    over(2)
    seat = Seat(chromium, address)
    page = seat.go("alarms")
    expect(page.locator("li.chosen")).to_have_count(1)
    expect(page.locator("[data-action=seizure]")).to_be_enabled()
    first = page.locator("li.chosen").get_attribute("data-alarm")
    held, holding = [], [True]
    page.route("**/api/v1/alarms?*", lambda route: held.append(route) if holding else route.continue_())
    page.keyboard.press("j")
    seat.wait_until("the list is asked for", lambda: held)
    page.keyboard.press("c")
    page.keyboard.press("a")
    expect(page.locator("[data-action=seizure]")).to_be_disabled()
    holding.clear()
    for route in held:
        route.continue_()
    expect(page.locator("[data-action=seizure]")).to_be_enabled()
    second = page.locator("li.chosen").get_attribute("data-alarm")
    assert second != first
    page.keyboard.press("u")
    wait_until("the judgement", lambda: page.wait_for_timeout(50) or reviews(second))
    assert reviews(first) is None and reviews(second)["judgement"] == "uncertain", (reviews(first), reviews(second))
    assert seen_by(first) == [] and seen_by(second) == []
    tell("keys that came while another alarm was being opened fell on none")
    # Recorded time ends with the bed: a page may reach beyond it.
    seat.clean(but=("404",))


def a_technical_alarm_is_seen_and_taken_note_of(chromium):
    alarm = wait_until("a technical alarm that sounds", lambda: next((each["alarm"] for each in ask(address, "/alarms?open=true&kind=technical") if each["sounds"] and each["bed"] == "emu-09"), None))
    seat = Seat(chromium, address, reader="Nurse N")
    page = seat.go("rates")
    expect(row(seat, alarm)).to_contain_text("TECHNICAL ALARM, high, emu-09")
    expect(page.get_by_test_id("silent-beds")).not_to_contain_text("emu-09")
    row(seat, alarm).locator("[data-action=acknowledge]").click()
    expect(page.get_by_test_id("silent-beds")).to_contain_text("NO SIGNAL: bed emu-09")
    assert seen_by(alarm) == ["Nurse N"], seen_by(alarm)
    tell("once a nurse has taken note it is a bed without signal")
    seat.clean()


with seats.browser() as chromium:
    globals()[what](chromium)
tell(f"{what.replace('_', ' ')}: done")
