"""The status page in a real Chromium: with a thousand shards, on a phone, in the dark, by keyboard, and when it stops answering."""
from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.chromium import Chromium
from support.pages import hold
from support.patience import PATIENCE
from support.processes import SANITIZERS
from support.status_page import StatusPage, in_trouble, shard, well

CONTRAST = """(() => {
  const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map(v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
                       return .2126 * r + .7152 * g + .0722 * b; };
  const back = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/^rgba.*, 0\\)$/.test(c)) return c; } return "rgb(255, 255, 255)"; };
  const all = [...document.querySelectorAll("h1, h2, p, dt, dd, li, button, label, #shards > div")].filter(e => e.offsetParent && e.textContent.trim());
  return all.map(e => { const a = light(getComputedStyle(e).color), b = light(back(e)); return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.textContent.trim().slice(0, 40)]; })
    .filter(([ratio]) => ratio < 4.5);
})()"""
READY = "document.querySelectorAll('#shards > div').length"


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_can_be_read(root: Path, tmp_path: Path, dark: bool) -> None:
    """WCAG's contrast of 4.5 to 1, by day and in the dark."""
    with StatusPage(root, in_trouble(40)) as page, Chromium(tmp_path, dark=dark) as browser:
        browser.open(page.url)
        browser.until(f"{READY} === 40")
        assert browser.run(CONTRAST) == []
        back = browser.run("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", back)[:3])) < 200) is dark


def test_what_is_wrong_is_told_by_more_than_colour(root: Path, tmp_path: Path) -> None:
    with StatusPage(root, in_trouble(24)) as page, Chromium(tmp_path) as browser:
        browser.open(page.url)
        browser.until(f"{READY} === 24")
        sign = {number: browser.run(f"document.querySelector('#shard-{number} b').textContent") for number in (0, 3, 7, 12, 13, 18, 21)}
        assert sign == {0: "", 3: "!", 7: "\u2026", 12: "\u223f", 13: "\u223f", 18: "\u2715", 21: "\u2026"}
        assert browser.run("document.getElementById('shard-3').getAttribute('aria-label')") == "shard 3, BACKOFF, 40 ms"
        text = browser.run("document.body.innerText")
        for part in ("20 of 24", "BLOCKED", "low on memory", "2,000 of 2,000", "1,904 of 2,000", "all again in 5 h 0 min", "1 queue is not consumed",
                     "shard 21: the session was lost behind sequence 81234"):
            assert part in text, part


def test_a_shard_is_found_and_told_by_keyboard(root: Path, tmp_path: Path) -> None:
    with StatusPage(root, in_trouble(1000)) as page, Chromium(tmp_path) as browser:
        browser.open(page.url)
        browser.until(f"{READY} === 1000")
        browser.run("document.getElementById('find').focus()")
        browser.press("Tab")
        assert browser.run("document.activeElement.id") == "shards"
        for key, chosen in (("ArrowRight", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowRight", 3), ("End", 999), ("Home", 0)):
            browser.press(key)
            assert browser.run("document.querySelector('[aria-selected=true]').id") == f"shard-{chosen}"
        browser.press("ArrowDown")
        columns = browser.run("columns()")
        assert columns > 1 and browser.run("chosen") == columns
        browser.run("document.getElementById('find').value = '3'; document.getElementById('find').oninput()")
        assert "code 1006: the connection ended" in browser.run("document.getElementById('detail').innerText")
        below = browser.run("document.getElementById('detail').getBoundingClientRect().bottom - innerHeight")
        assert below <= 0, "what is told of a shard is out of sight"
        browser.run("document.getElementById('shards').focus()")
        browser.press("Escape")
        assert browser.run("document.getElementById('detail').hidden")


def test_it_is_live_and_says_when_it_is_not(root: Path, tmp_path: Path) -> None:
    state = well(3)
    with StatusPage(root, state) as page, Chromium(tmp_path) as browser:
        browser.open(page.url)
        browser.until("document.title === '3/3 gateway'")
        page.state = well(4) | {"time": state["time"] + 2000, "events": {"received": state["events"]["received"] + 5000, "published": 0, "confirmed": 0}}
        page.state["shards"][1] = shard(1, state="BACKOFF")
        browser.until("document.title === '3/4 gateway'")
        assert "2,500 events/s" in browser.run("document.body.innerText")
        browser.run("document.getElementById('unready').click()")
        assert browser.run("document.getElementById('shards').innerText.replace(/\\s+/g, ' ')").strip() == "! 1"
        page.state = well(3) | {"fleet": {"member": "web-1", "connected": True, "leads": False, "members": 3, "takeovers": 0, "grants": 1,
                                          "slots": {"IDLE": 10, "WAITING": 2, "OWNED": 3, "DOUBTFUL": 1}}}
        browser.until("document.body.innerText.includes('1 doubtful, web-1, one of 3 members')")
        assert "3 of 16" in browser.run("document.body.innerText")
        page.state = None
        browser.until("document.getElementById('alarm').innerText.includes('does not answer; what is shown is of')")
        page.state = well(3) | {"stopping": True}
        browser.until("document.getElementById('alarm').innerText === 'The gateway stops.'")


def test_two_numbers_of_shards_are_told_apart(root: Path, tmp_path: Path) -> None:
    """While a fleet goes from 3 shards to 6."""
    state = well(0)
    state["shards"] = [shard(number, shard_count=3) for number in range(3)] + [shard(number, shard_count=6) for number in range(6)]
    state["fleet"] = {"member": "web-1", "connected": True, "leads": True, "phase": "OVERLAP", "shard_count": 3, "wanted_shards": 6,
                      "members": 1, "takeovers": 0, "grants": 0, "slots": {"OWNED": 3, "DOUBTFUL": 0}}
    with StatusPage(root, state) as page, Chromium(tmp_path) as browser:
        browser.open(page.url)
        browser.until(f"{READY} === 9")
        text = browser.run("document.body.innerText")
        assert "OVERLAP" in text and "from 3 to 6" in text and "Broker of events, 1000 shards" in text
        browser.run("choose('2/6')")
        assert "Shard 2/6" in browser.run("document.getElementById('detail').innerText")


def test_texts_of_others_stay_texts(root: Path, tmp_path: Path) -> None:
    """A close reason comes from outside."""
    state, hostile = well(2), "<img src=x onerror=document.title='broken'><script>document.title='broken'</script>"
    state["shards"][0]["close"] = {"time": state["time"], "code": 4000, "text": hostile}
    state["gaps"] = {"today": 1, "since_start": 1, "newest": [{"shard": 0, "time": state["time"], "text": hostile}]}
    state["group"] = state["brokers"][0]["text"] = hostile
    with StatusPage(root, state) as page, Chromium(tmp_path) as browser:
        browser.open(page.url)
        browser.until(f"{READY} === 2")
        browser.run("choose(0)")
        assert hostile in browser.run("document.getElementById('detail').innerText")
        assert browser.run("document.images.length + document.scripts.length") == 1
        assert browser.run("document.title") == f"2/2 {hostile}"


def test_a_thousand_shards_fit_a_phone(root: Path, tmp_path: Path) -> None:
    with StatusPage(root, in_trouble(1000)) as page, Chromium(tmp_path, width=360, height=740, mobile=True) as browser:
        browser.open(page.url)
        browser.until(f"{READY} === 1000")
        assert browser.run("document.documentElement.scrollWidth") <= 360
        assert browser.run("Math.min(...[...document.querySelectorAll('#shards > div, button, input')].map(e => e.getBoundingClientRect().height))") >= 40
        browser.run("draw(last)")
        assert browser.run("(() => { const begin = performance.now(); for (let i = 0; i < 10; i++) draw(last); return performance.now() - begin; })()") < 5000


# ---- The same in a terminal, on the page of operations ----

@pytest.mark.parametrize("set_up, state", [("good", well), ("broken", in_trouble)])
def test_the_page_shows_what_top_draws(build: Path, root: Path, tmp_path: Path, set_up: str, state: Callable[[int], dict[str, Any]]) -> None:
    with StatusPage(root, state(90)) as page:
        environment = {"PATH": os.environ["PATH"], **SANITIZERS, "PROMETHEUS_ADDRESS": page.url.removeprefix("http://").rstrip("/")}
        done = subprocess.run([build / "tools" / "gateway" / "spectacles-gateway", "top", "--once"], cwd=tmp_path, env=environment, capture_output=True,
                              text=True, timeout=60 * PATIENCE, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    hold(root / "doc" / "operations.md", f"top on a {set_up} set-up", "\n".join(line.rstrip() for line in done.stdout.splitlines()) + "\n")
