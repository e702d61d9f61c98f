"""What the tests of the dashboard's page share: the stage, and what must hold on every screen."""
import json
import os
import sys

import spoolbrowser
from spooladmin import READ_TOKEN, token_settings
from spooltest import Daemon, equal, true

EVIL = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
CONTRAST_AA = 4.5

# Computes the contrast of every visible text on the ground that it has: [ratio, text] of those below.
CONTRAST = """(() => {
    const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (color) => {
        context.clearRect(0, 0, 1, 1);
        context.fillStyle = color;
        context.fillRect(0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data];
    };
    const luminance = (color) => color.slice(0, 3).map((c) => c / 255)
        .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const color = rgba(getComputedStyle(at).backgroundColor);
            if (color[3] === 255) return color;
        }
        return [255, 255, 255, 255];
    };
    const low = [];
    let texts = 0;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const words = walker.currentNode.data.trim();
        if (words === "" || element.closest(".unseen, .skip, noscript, button:disabled, .skeleton")
            || element.getClientRects().length === 0) continue;
        texts++;
        const one = luminance(rgba(getComputedStyle(element).color)), other = luminance(ground(element));
        const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        if (ratio < LIMIT) low.push([ratio.toFixed(2), words]);
    }
    return { texts, low };
})()"""

# What a person would notice at the keyboard or with a screen reader: parts without a name.
NAMELESS = """[...document.querySelectorAll("a, button, input, select, textarea, nav, dialog[open], [role=img]")]
    .filter((one) => one.getClientRects().length > 0)
    .filter((one) => !(one.innerText?.trim() || one.ariaLabel || one.labels?.length
        || one.getAttribute("aria-labelledby")))
    .map((one) => one.outerHTML.slice(0, 200))"""


class Stage:
    """A daemon with a dashboard, the simulated Bento, and a page of the browser that the file shares."""

    browser = None

    def __init__(self, bench, sites=("main",), top=None, admin=None, tokens=True, api_url=None, **site):
        self.bench, self.daemon, self.url = bench, None, None
        self.page = self.shared().page()
        self.sim = bench.sim()
        self.conf = bench.configure(
            {name: bench.site(api_url or self.sim.api_url(), write_keys=[name], **site) for name in sites},
            admin={"listen": ["127.0.0.1:0"], **(token_settings(bench) if tokens else {}), **(admin or {})}, top=top)
        self.start()

    def start(self):
        self.daemon = Daemon(self.bench, self.conf, listeners=2)
        self.url = self.daemon.url(1)

    @classmethod
    def shared(cls):
        if cls.browser is None:
            cls.browser = spoolbrowser.Browser()
        return cls.browser

    @classmethod
    def end(cls):
        if cls.browser is not None:
            cls.browser.__exit__()

    def log_in(self, token=READ_TOKEN, name=""):
        """Opens a session for the page, without the form, and shows the overview."""
        self.page.go(f"{self.url}/")
        request = {"method": "POST", "headers": {"Content-Type": "application/json"},
                   "body": json.dumps({"token": token, "name": name})}
        status = self.page.value(f"fetch('/api/login', {json.dumps(request)}).then((answer) => answer.status)")
        equal(status, 200, "logged in")
        self.page.go(f"{self.url}/")
        return self

    def open(self, place="", words=None):
        """Opens a screen by its address, and waits for the words."""
        if self.page.origin == self.url:
            self.page.value(f"location.hash = {json.dumps('#/' + place)}")
        else:
            self.page.go(f"{self.url}/#/{place}")
        if words is not None:
            self.page.wait_text(words)
        return self.page

    def check(self, what):
        """Checks what must hold on every screen, in both color schemes, on a phone and on a desk."""
        page = self.page
        for width in (1280, 360):
            page.size(width)
            equal(page.value("document.documentElement.scrollWidth"), width, f"{what}: nothing is wider")
        for scheme in ("dark", "light"):
            page.media(scheme)
            said = page.value(CONTRAST.replace("LIMIT", str(CONTRAST_AA)))
            true(said["texts"] > 5, f"{what}: there is text: {said}")
            equal(said["low"], [], f"{what}: contrast, {scheme}")
        page.size(1280)
        equal(page.value(NAMELESS), [], f"{what}: everything has a name")
        equal(page.problems(), [], f"{what}: the console is empty, no other origin was asked")
        self.check_unharmed(what)
        directory = os.environ.get("SPOOL_PICTURES")
        if directory:
            page.picture(os.path.join(directory, f"{what}.png"))

    def check_unharmed(self, what):
        """Checks that no text became markup or ran."""
        true(self.page.value("document.title") != "taken", f"{what}: a script ran")
        equal(self.page.value("document.querySelectorAll('img, main script, dialog script').length"), 0,
              f"{what}: a text made elements")


def main(run):
    """Runs the tests of the file, and ends the browser that they share."""
    try:
        run()
    finally:
        Stage.end()
        sys.stdout.flush()
