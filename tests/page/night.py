"""A night before the page: an alarm rises, is seen, heard, paused, taken note of, judged, exported; the rates follow.

    night.py ADDRESS FOLDER
"""

import csv
import json
import re
from pathlib import Path

from browser import Seat, arguments, ask, browser, expect, tell

address, folder = arguments()
folder = Path(folder)


def an_alarm_is_seen_and_heard(nurse, other):
    nurse.go("ward"), other.go("alarms")
    tile = nurse.page.get_by_test_id("tile").first
    expect(tile).to_be_visible()
    banner = nurse.page.get_by_test_id("open-alarms").locator(".banner", has_text="bed emu-01")
    expect(banner).to_contain_text("SEIZURE ALARM")
    expect(nurse.page).to_have_title(re.compile(r"^\(\d+\) ALARM "))
    heard = "() => { const a = document.getElementById('alarm-sound'); return !a.paused && a.currentTime > 0 && a.src.endsWith('/page/sounds/high.wav') && !a.error; }"
    nurse.page.wait_for_function(heard)
    expect(nurse.page.get_by_test_id("silent")).to_be_hidden()
    tell("seen and heard")
    # The other one, who looks at the list, sees it too.
    expect(other.page.get_by_test_id("open-alarms").locator(".banner", has_text="bed emu-01")).to_contain_text("SEIZURE ALARM")
    alarm = banner.get_attribute("data-alarm")
    expect(other.page.locator(f"li[data-alarm='{alarm}']")).to_be_visible()
    return alarm


def its_sound_is_paused(nurse, other, alarm):
    nurse.page.locator(f"[data-alarm='{alarm}'] [data-action=pause]").click()
    nurse.page.wait_for_function("() => document.querySelector('[data-testid=open-alarms]').textContent.includes('sound paused')")
    phase = nurse.wait_until("the pause", lambda: ask(address, f"/alarms/{alarm}")["alarm"]["phase"] == "audio-paused")
    assert phase
    assert not ask(address, f"/alarms/{alarm}")["alarm"]["sounds"]
    expect(other.page.get_by_test_id("open-alarms")).to_contain_text("sound paused")
    # No further burst begins: more than the five seconds from one to the next go by in silence.
    nurse.wait_until("silence", lambda: nothing_is_heard(nurse, alarm))
    tell("paused, for everyone")


def nothing_is_heard(nurse, paused):
    """For longer than from one burst to the next. Alarms of the other bed go on calling until they are taken note of."""
    calls = lambda: [each["alarm"] for each in ask(address, "/alarms?open=true") if each["sounds"]]
    for other in calls():
        assert other != paused
        banner = nurse.page.locator(f"[data-testid=open-alarms] [data-alarm='{other}']")
        banner.locator("[data-action=acknowledge]").click()
        expect(banner).to_have_count(0)
    played = lambda: nurse.page.evaluate("() => document.documentElement.dataset.soundsPlayed")
    before = played()
    nurse.page.wait_for_timeout(6500)
    if calls():
        return False
    assert played() == before, (played(), before)
    return True


def it_is_taken_note_of(nurse, other, alarm):
    nurse.page.locator(f"[data-alarm='{alarm}'] [data-action=acknowledge]").click()
    expect(nurse.page.locator(f"[data-testid=open-alarms] [data-alarm='{alarm}']")).to_have_count(0)
    expect(other.page.locator(f"[data-testid=open-alarms] [data-alarm='{alarm}']")).to_have_count(0)
    acknowledged = ask(address, f"/alarms/{alarm}")["alarm"]["acknowledged"]
    assert [who for who, _ in acknowledged] == ["Nurse N"], acknowledged
    tell("taken note of, in the log under the nurse's name")


def stands(page):
    """What the address names is chosen, and its EEG is drawn: a key or a drag before that would fall on something else."""
    page.wait_for_function("""() => {
        const chosen = document.querySelector('li.chosen');
        return chosen && location.hash === `#/alarms/${encodeURIComponent(chosen.dataset.alarm)}`
            && document.querySelector('.pane .says').textContent.includes('negative up');
    }""")


def it_is_judged_by_keyboard(reviewer, nurse):
    """Every alarm is judged with keys alone: the first a seizure with corrected ends and a note, the second false, the rest uncertain."""
    page = reviewer.page
    reviewer.go("alarms")
    rows = page.locator("ol[data-testid=alarms] > li")
    # Two are judged, and after each the list goes on to another: where there is none, it stays.
    reviewer.wait_until("three alarms", lambda: rows.count() >= 3)
    # What the nurse's page was answered: hours that were watched since are not told to pages.
    answers = []
    nurse.page.on("response", lambda response: answers.append(response) if "/rates?by=ward" in response.url and response.ok else None)
    nurse.go("rates")
    expect(nurse.page.locator("tr[data-of=ward]").first).to_be_visible()
    for key in "jk":
        page.locator("body").press(key)
        stands(page)
    judged = {}
    for key, word, judgement in [("c", "seizure", "seizure"), ("r", "false alarm", "false-alarm")]:
        chosen = page.locator("li.chosen").get_attribute("data-alarm")
        if key == "c":
            box = page.get_by_test_id("eeg").bounding_box()
            page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 100)
            page.mouse.down()
            page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 140, steps=4)
            page.mouse.up()
            page.keyboard.press("o")
            page.keyboard.press("n")
            page.keyboard.type("rhythm over the left, evolves")
            page.keyboard.press("Escape")
        page.keyboard.press(key)
        expect(page.locator(f"li[data-alarm='{chosen}']")).to_have_attribute("data-reviewed", judgement)
        review = ask(address, f"/alarms/{chosen}")["alarm"]["review"]
        assert review["judgement"] == judgement and review["by"] == "Dr. First", review
        if key == "c":
            assert review["note"] == "rhythm over the left, evolves", review
            assert review["offset_us"] > review["onset_us"] > 0, review
        judged[judgement] = chosen
        # The list goes on to the next that nobody has judged, by itself.
        reviewer.wait_until("the next", lambda: page.locator("li.chosen").get_attribute("data-alarm") != chosen)
    tell(f"judged by keyboard: {judged}")
    # The rate that another looks at changes by itself.
    rate = ask(address, "/rates?by=ward")[0]
    assert rate["false_alarms"] == 1 and rate["seizures"] == 1, rate
    figure = lambda value: f"{float(f'{value:.2g}'):g}"

    def told():
        interval = answers[-1].json()[0]["false_alarms_per_hour_95"]
        cells = nurse.page.locator("tr[data-of=ward]").first.locator("td").all_inner_texts()
        return len(cells) > 6 and cells[2].strip() == "1" and cells[3].strip() == "1" and f"{figure(interval['lower'])} to {figure(interval['upper'])}" in cells[6]

    nurse.wait_until("the rate with its interval", told)
    tell("the rate follows")
    return judged


def it_is_exported(reviewer, judged):
    page = reviewer.page
    reviewer.go(f"alarms/{judged['seizure']}")
    expect(page.locator("li.chosen")).to_have_attribute("data-alarm", judged["seizure"])
    expect(page.locator(".pane .says")).to_contain_text("negative up")
    files = {}
    for action in ["csv", "events-detector", "events-reviewers", "edf", "png"]:
        page.locator("body").press("x")
        with page.expect_download() as download:
            page.locator(f"[data-action=export-{action}]").click()
        name = download.value.suggested_filename
        download.value.save_as(folder / f"{action}-{name}")
        files[action] = folder / f"{action}-{name}"
    rows = list(csv.DictReader(files["csv"].open()))
    mine = next(row for row in rows if row["alarm"] == judged["seizure"])
    assert mine["judgement"] == "seizure" and "evolves" in mine["note"], mine
    events = list(csv.DictReader(files["events-reviewers"].open(), delimiter="\t"))
    assert any(event["eventType"].startswith("sz") for event in events), events
    assert files["png"].read_bytes().startswith(b"\x89PNG")
    assert files["edf"].read_bytes().startswith(b"0       ")
    tell(f"exported: {json.dumps({key: str(path) for key, path in files.items()})}")


with browser() as chromium:
    nurse, reviewer = Seat(chromium, address, reader="Nurse N"), Seat(chromium, address)
    alarm = an_alarm_is_seen_and_heard(nurse, reviewer)
    its_sound_is_paused(nurse, reviewer, alarm)
    it_is_taken_note_of(nurse, reviewer, alarm)
    judged = it_is_judged_by_keyboard(reviewer, nurse)
    it_is_exported(reviewer, judged)
    nurse.clean(), reviewer.clean()
tell("done")
