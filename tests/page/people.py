"""People of all roles before the page of a ward with accounts: what each sees, may and may not do.

    people.py ADDRESS PASSWORD      (accounts vera viewer, nora nurse, rita reviewer, ada administrator; a patient with a name)
"""

from browser import Seat, arguments, browser, expect, tell

address, password = arguments()
NAME = "Lovelace"
PROVOKED = ("401", "403", "409")


def signed_in(chromium, name, secret=password):
    seat = Seat(chromium, address, reader=None)
    page = seat.go("ward")
    expect(page.get_by_role("form", name="Sign in")).to_be_visible()
    page.locator("input[name=name]").fill(name)
    page.locator("input[name=password]").fill(secret)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("tile").first).to_be_visible()
    return seat


def nobody_is_told_anything(chromium):
    seat = Seat(chromium, address, reader=None)
    told = []
    seat.page.on("response", lambda response: told.append(response.text()) if "/api/" in response.url and response.ok else None)
    page = seat.go("alarms")
    expect(page.get_by_role("form", name="Sign in")).to_be_visible()
    page.locator("input[name=name]").fill("rita")
    page.locator("input[name=password]").fill("a guess that is wrong")
    page.keyboard.press("Enter")
    alert = page.get_by_role("alert").filter(has_text="password")
    expect(alert).to_be_visible()
    for words in told + [page.content()]:
        assert "emu-01" not in words and NAME not in words and "chb03" not in words, words
    tell(f"nobody is told anything: {alert.inner_text()}")
    seat.clean(but=PROVOKED)


def a_viewer_looks_and_sees_no_name(chromium):
    seat = signed_in(chromium, "vera")
    page = seat.page
    banner = page.get_by_test_id("open-alarms").locator(".banner").first
    expect(banner).to_be_visible()
    expect(banner.locator("[data-action=acknowledge]")).to_be_disabled()
    assert "viewer" in banner.locator("[data-action=acknowledge]").get_attribute("title")
    views = page.locator("#views a").all_inner_texts()
    assert views == ["Ward", "Alarms", "Rates", "Account"], views
    assert NAME not in page.content()
    seat.go("audit")
    expect(page.locator("main")).to_contain_text("the role viewer may not")
    seat.clean()
    tell("a viewer looks")
    return seat


def a_nurse_sees_names_and_takes_note_and_judges_nothing(chromium, viewer):
    seat = signed_in(chromium, "nora")
    page = seat.page
    expect(page.get_by_test_id("tile").first).to_contain_text(NAME)
    seat.go("alarms")
    expect(page.locator("[data-action=seizure]")).to_be_disabled()
    alarm = page.locator("li.chosen").get_attribute("data-alarm")
    page.keyboard.press("c")
    expect(page.locator(f"li[data-alarm='{alarm}']")).to_have_attribute("data-reviewed", "")
    page.locator(f"[data-testid=open-alarms] [data-alarm='{alarm}'] [data-action=acknowledge]").click()
    expect(viewer.page.locator(f"[data-testid=open-alarms] [data-alarm='{alarm}']")).to_have_count(0)
    seat.clean()
    tell("a nurse takes note, under her name and nobody else's")


def a_second_reader_agrees_without_having_seen(chromium):
    first, second = signed_in(chromium, "rita"), signed_in(chromium, "ada")
    first.go("alarms")
    alarm = first.page.locator("li.chosen").get_attribute("data-alarm")
    first.page.keyboard.press("n")
    first.page.keyboard.type("a note that nobody else may see yet")
    first.page.keyboard.press("Escape")
    first.page.keyboard.press("c")
    expect(first.page.locator(f"li[data-alarm='{alarm}']")).to_have_attribute("data-reviewed", "seizure")
    first.go("second")
    expect(first.page.locator("section[aria-label='Second reader']")).to_contain_text("Nothing is left for you to read")
    page = second.go("second")
    expect(page.locator(f"ol[data-testid=second] li[data-alarm='{alarm}']")).to_be_visible()
    expect(page.locator(".pane .says:visible")).to_contain_text("negative up")
    assert page.get_by_test_id("traces").filter(visible=True).count() == 0, "the detector's traces are hidden"
    assert "a note that nobody" not in page.locator("main").inner_text()
    page.keyboard.press("r")
    expect(page.get_by_test_id("agreement")).to_contain_text("0 of 1 alarms judged alike")
    expect(page.get_by_test_id("agreement")).to_contain_text("rita: seizure · ada: false alarm")
    tell(f"two readers: {page.get_by_test_id('kappa').inner_text()}")
    first.clean(but=PROVOKED), second.clean(but=PROVOKED)
    return second


def an_administrator_recalibrates_and_the_audit_tells(seat):
    page = seat.go("recalibration")
    page.get_by_text("Try settings by hand").click()
    page.get_by_label("Accumulator at which an alarm rises").fill("11")
    page.locator("[data-action=preview]").click()
    expect(page.get_by_test_id("before-after")).to_contain_text("Accumulator at which an alarm rises")
    tell(f"preview: {page.get_by_test_id('alarms-lost').locator('..').inner_text().splitlines()[0]}")
    page.get_by_label("Note to the acceptance").fill("fewer at night")
    page.locator("[data-action=accept]").click()
    expect(page.get_by_test_id("notice").filter(has_text="Accepted for")).to_be_visible()
    seat.go("audit")
    entries = page.locator("[data-testid=audit] tbody")
    for words in ("fewer at night", "ada", "rita", "nora"):
        expect(entries).to_contain_text(words)
    tell("the audit tells of it")


def an_administrator_lets_people_in_and_out(chromium, seat):
    page = seat.go("account")
    page.locator("[data-action=add-account]").click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("Name").fill("newt")
    dialog.get_by_label("Password").fill("a password of the new one")
    dialog.get_by_label("Role").select_option("nurse")
    dialog.locator("[data-action=add]").click()
    row = page.get_by_test_id("accounts").get_by_role("row").filter(has_text="newt")
    expect(row).to_be_visible()
    other = signed_in(chromium, "newt", "a password of the new one")
    row.get_by_role("button", name="Disable").click()
    # Their page is shut at once, without a touch.
    expect(other.page.get_by_role("form", name="Sign in")).to_be_visible()
    assert "emu-01" not in other.page.locator("main").inner_text()
    page.locator("[data-action=sign-out]").click()
    expect(page.get_by_role("form", name="Sign in")).to_be_visible()
    seat.clean(but=PROVOKED), other.clean(but=PROVOKED)
    tell("in and out")


with browser() as chromium:
    nobody_is_told_anything(chromium)
    viewer = a_viewer_looks_and_sees_no_name(chromium)
    a_nurse_sees_names_and_takes_note_and_judges_nothing(chromium, viewer)
    administrator = a_second_reader_agrees_without_having_seen(chromium)
    an_administrator_recalibrates_and_the_audit_tells(administrator)
    an_administrator_lets_people_in_and_out(chromium, administrator)
tell("done")
