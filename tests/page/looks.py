"""How the page looks: every view, in light and dark, on a desk's screen and on a tablet.

    looks.py ADDRESS FOLDER

Each view is photographed into FOLDER; nothing overlaps, nothing sticks out, every control has a name, and contrast
passes WCAG AA (axe-core, an independent checker).
"""

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from browser import LARGE, TABLET, Seat, arguments, ask, browser, expect, tell, wait_until

address, folder = arguments()
folder = Path(folder)
folder.mkdir(parents=True, exist_ok=True)
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}, "resultTypes": ["violations"]}

# Controls and words whose boxes share more than a hairline, though neither holds the other; and what is wider than the page.
OVERLAPS = """() => {
  const seen = [...document.querySelectorAll('button, a, select, input, canvas, h1, h2, td, th, .tag, summary, meter')].filter((e) => {
    const box = e.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && e.checkVisibility({ visibilityProperty: true }) && !e.closest('.unseen');
  });
  const clipped = (e) => {
    let { left, top, right, bottom } = e.getBoundingClientRect();
    for (let p = e.parentElement; p; p = p.parentElement) {
      if (getComputedStyle(p).overflow === 'visible') continue;
      const box = p.getBoundingClientRect();
      [left, top, right, bottom] = [Math.max(left, box.left), Math.max(top, box.top), Math.min(right, box.right), Math.min(bottom, box.bottom)];
    }
    return { left, top, right, bottom };
  };
  const boxes = seen.map((e) => [e, clipped(e)]).filter(([, b]) => b.right - b.left > 1 && b.bottom - b.top > 1);
  const name = (e) => `${e.tagName}.${e.className} "${(e.getAttribute('aria-label') ?? e.textContent).trim().slice(0, 30)}"`;
  const found = [];
  boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
    if (a.contains(b) || b.contains(a)) return;
    const [w, t] = [Math.min(p.right, q.right) - Math.max(p.left, q.left), Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top)];
    if (w > 1.5 && t > 1.5) found.push(`${name(a)} and ${name(b)} share ${w.toFixed(0)} x ${t.toFixed(0)}`);
  }));
  const wide = document.documentElement.scrollWidth - window.innerWidth;
  if (wide > 1) found.push(`the page is ${wide} px wider than the screen`);
  return found;
}"""


def drawn(page):
    expect(page.locator(".pane .says").first).to_contain_text("negative up")


def explained(page):
    drawn(page)
    page.keyboard.press("e")
    expect(page.get_by_text("What the alarm rests on")).to_be_visible()


def tiled(page):
    wait_until("the wall", lambda: page.wait_for_timeout(100) or page.get_by_test_id("tile").count() >= len(ask(address, "/beds")))


def keys(page):
    # Keys are heard once the page knows who is there: no tile stands before.
    tiled(page)
    page.locator("body").press("?")
    expect(page.locator("dialog[open]")).to_be_visible()


def previewed(page):
    expect(page.get_by_label("Patient", exact=True).locator("option").first).to_be_attached()
    page.locator("[data-action=preview]").click()
    wait_until("a preview or its refusal", lambda: page.wait_for_timeout(50) or page.locator("[data-testid=preview] table, [data-testid=preview] [role=alert]").count())


alarm = wait_until("a reviewed alarm", lambda: next((a["alarm"] for a in ask(address, "/alarms?kind=seizure") if a["review"]), None))
bed = ask(address, f"/alarms/{alarm}")["alarm"]["bed"]
VIEWS = {
    "alarms": (f"alarms/{alarm}", drawn),
    "explained": (f"alarms/{alarm}", explained),
    "bed": (f"bed/{bed}", drawn),
    "second-reader": ("second", lambda page: expect(page.get_by_test_id("agreement")).to_contain_text("kappa")),
    "rates": ("rates", lambda page: expect(page.locator("tr[data-of=ward]").first).to_be_visible()),
    "re-calibration": ("recalibration", previewed),
    "audit": ("audit", lambda page: expect(page.locator("[data-testid=audit] tbody tr").first).to_be_visible()),
    "keys": ("ward", keys),
}

# A tile of the wall shows ten seconds: so long the wall must stand before it is looked at.
FILLED_MS = 11_000

wrong = []


def look(page, view, screen, theme):
    page.screenshot(path=folder / f"{view}-{screen}-{theme}.png")
    here = f"{view}, {screen}, {theme}"
    if view != "keys":
        wrong.extend(f"{here}: {words}" for words in page.evaluate(OVERLAPS))
    for violation in Axe().run(page, options=RULES).response["violations"]:
        for node in violation["nodes"][:3]:
            wrong.append(f"{here}: {violation['id']}: {node['html'][:160]} | {node['failureSummary'][:200]}")


with browser() as chromium:
    seats = [
        (screen, theme, Seat(chromium, address, reader="Dr. Second", size=size, dark=theme == "dark"))
        for screen, size in [("desk", LARGE), ("tablet", TABLET)]
        for theme in ["light", "dark"]
    ]
    # The walls of all seats fill at the same time.
    for _, _, seat in seats:
        page = seat.go("ward")
        page.reload()
        tiled(page)
    seats[-1][2].page.wait_for_timeout(FILLED_MS)
    for screen, theme, seat in seats:
        look(seat.page, "ward", screen, theme)
        # A page that draws no EEG while the others are looked at.
        seat.go("rates")
    for screen, theme, seat in seats:
        for view, (place, ready) in VIEWS.items():
            page = seat.go(place)
            page.reload()
            ready(page)
            look(page, view, screen, theme)
        wrong += [f"{screen}, {theme}: {words}" for words in seat.wrong]
        seat.context.close()
        tell(f"{screen}, {theme}: looked at the ward and {len(VIEWS)} other views")
assert not wrong, "\n".join(wrong)
tell("done")
