"""A headless Chromium, driven through its DevTools protocol over a pair of pipes.

    with Browser() as browser:
        page = browser.page()
        page.go("http://127.0.0.1:7390/")
        page.wait("document.title === 'Overview'", "the overview is there")

Each page has cookies of its own. The browser reports what a person would see in its console, and what it
asked of other origins: page.problems().
"""
import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from urllib.parse import urlsplit

from spooltest import DEADLINE, Skip, _die_with_parent, true, wait_until

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-extensions", "--disable-component-update", "--disable-background-networking",
             "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe")
TO_BROWSER, FROM_BROWSER = 3, 4  # the file descriptors that --remote-debugging-pipe uses
KEYS = {"Backspace": 8, "Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "ArrowLeft": 37, "ArrowUp": 38,
        "ArrowRight": 39, "ArrowDown": 40}
SHIFT = 8


class Browser:
    """One browser process. Its requests are answered in order, its events are sorted by page."""

    def __init__(self):
        name = next((name for name in NAMES if shutil.which(name)), None)
        if name is None:
            raise Skip("chromium is not installed")
        self.profile = tempfile.mkdtemp(prefix="spoolbrowser.")
        theirs_in, self.to = os.pipe()
        self.received, theirs_out = os.pipe()

        def prepare():
            _die_with_parent()
            # Past 4 first, so that neither overwrites the other.
            high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (theirs_in, theirs_out)]
            os.dup2(high[0], TO_BROWSER)
            os.dup2(high[1], FROM_BROWSER)

        # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
        self.popen = subprocess.Popen(
            [name, *ARGUMENTS, f"--user-data-dir={self.profile}"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=prepare,
            pass_fds=(TO_BROWSER, FROM_BROWSER))
        os.close(theirs_in)
        os.close(theirs_out)
        self.held, self.last_id, self.pages = b"", 0, {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.to)
        try:
            self.popen.wait(5)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        os.close(self.received)
        shutil.rmtree(self.profile, ignore_errors=True)

    def _message(self, end):
        """Returns the next message of the browser."""
        while b"\0" not in self.held:
            if not select.select([self.received], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"the browser says nothing within {DEADLINE:g} s")
            data = os.read(self.received, 1 << 20)
            true(data, f"the browser ended: {self.popen.poll()}")
            self.held += data
        text, self.held = self.held.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, page_session=None, **params):
        """Asks the browser; returns its result."""
        self.last_id += 1
        message = {"id": self.last_id, "method": method, "params": params}
        if page_session is not None:
            message["sessionId"] = page_session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data):]
        end = time.monotonic() + DEADLINE
        while True:
            answer = self._message(end)
            if answer.get("id") == message["id"]:
                true("error" not in answer, f"{method}: {answer.get('error')}")
                return answer["result"]
            page = self.pages.get(answer.get("sessionId"))
            if page is not None and "method" in answer:
                page.take(answer["method"], answer["params"])

    def page(self, **size):
        return Page(self, **size)


class Page:
    """A tab with cookies of its own."""

    def __init__(self, browser, width=1280, height=900):
        self.browser, self.origin = browser, None
        self.errors, self.requests = [], []
        context = browser.call("Target.createBrowserContext")["browserContextId"]
        target = browser.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.context, self.target = context, target
        browser.pages[self.session] = self
        for domain in ("Runtime", "Log", "Network", "Page"):
            self.call(f"{domain}.enable")
        self.size(width, height)
        self.media()

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def take(self, method, params):
        """Notes an event of the browser."""
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.errors.append(" ".join(str(arg.get("value")) for arg in params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            entry = params["entry"]
            # A refusal is an answer of the daemon, which the page shows in words.
            if entry["source"] != "network":
                self.errors.append(f"{entry['text']} {entry.get('url', '')}")
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Page.javascriptDialogOpening":
            self.errors.append(f"a dialog of the browser: {params['message']}")

    def size(self, width, height=900):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=False)

    def media(self, scheme="light", motion="reduce"):
        """Sets what the person prefers."""
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": motion}])

    def go(self, url):
        parts = urlsplit(url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'", f"{url} is loaded")

    def value(self, script):
        """Returns the value of an expression; a promise is awaited."""
        done = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        true("exceptionDetails" not in done, f"{script}: {done.get('exceptionDetails')}")
        return done["result"].get("value")

    def wait(self, script, what):
        """Returns the first true value of the expression."""
        try:
            return wait_until(lambda: self.value(script), what)
        except AssertionError as e:
            raise AssertionError(f"{e}; the page says: {self.text()!r}; {self.errors}") from e

    def text(self, selector="body"):
        """Returns the text as a person sees it."""
        return self.value(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")

    def wait_text(self, words, selector="body"):
        self.wait(f"(document.querySelector({json.dumps(selector)})?.innerText ?? '')"
                  f".includes({json.dumps(words)})", f"{words!r} in {selector}")

    def click(self, selector):
        """Clicks the visible element, as a mouse does: what lies over it gets the click."""
        self._click(f"document.querySelector({json.dumps(selector)})", selector)

    def click_text(self, words, selector="button, a"):
        """Clicks the first of the elements whose text is this."""
        self._click(f"""[...document.querySelectorAll({json.dumps(selector)})].find((one) =>
            one.innerText.trim() === {json.dumps(words)} && one.getClientRects().length > 0)""",
                    f"{selector} with the text {words!r}")

    def _click(self, found, what):
        # What moves between the measuring and the click does not get it, so it is measured again.
        wait_until(lambda: self._click_once(found, what), f"{what} gets a click")

    def _click_once(self, found, what):
        # In one step: the page may change at any time.
        where = self.wait(f"""(() => {{
            const found = {found};
            if (!found || found.disabled) return null;
            found.scrollIntoView({{ block: "center", behavior: "instant" }});
            const box = found.getBoundingClientRect();
            if (box.width === 0) return null;
            window.missed = true;
            found.addEventListener("click", () => window.missed = false, {{ capture: true, once: true }});
            return [box.left + box.width / 2, box.top + box.height / 2];
        }})()""", f"{what} can be clicked")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=where[0], y=where[1], button="left",
                      clickCount=1)
        return not self.value("window.missed === true")

    def type(self, text):
        """Types into what has the focus."""
        self.call("Input.insertText", text=text)

    def fill(self, selector, text):
        """Replaces the text of a field."""
        self.click(selector)
        self.value(f"document.querySelector({json.dumps(selector)}).select()")
        if text:
            self.type(text)
        else:
            self.press("Backspace")

    def choose(self, selector, value):
        """Chooses an option, as the list of the browser would."""
        self.value(f"""(() => {{
            const list = document.querySelector({json.dumps(selector)});
            list.value = {json.dumps(value)};
            list.dispatchEvent(new Event("input", {{ bubbles: true }}));
            list.dispatchEvent(new Event("change", {{ bubbles: true }}));
        }})()""")

    def press(self, key, shift=False):
        code = KEYS[key]
        text = {"Enter": "\r", " ": " "}.get(key, "")
        more = {"text": text} if text else {}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code="Space" if key == " " else key,
                      windowsVirtualKeyCode=code, modifiers=SHIFT if shift else 0,
                      **(more if kind == "keyDown" else {}))

    def focused(self):
        """Returns the text or the label of what has the focus."""
        return self.value("(document.activeElement.ariaLabel || document.activeElement.innerText"
                          " || document.activeElement.id || document.activeElement.tagName).trim()")

    def tab_to(self, words, limit=80):
        """Presses Tab until the element with this text has the focus."""
        seen = []
        for _ in range(limit):
            self.press("Tab")
            seen.append(self.focused())
            if seen[-1] == words:
                return
        raise AssertionError(f"Tab does not reach {words!r}: {seen}")

    def picture(self, path, whole=True):
        """Writes the page as a PNG file."""
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def problems(self):
        """Returns the errors of the console, and requests to other origins."""
        self.value("1")  # what happened before has been noted when this is answered
        strange = [url for url in self.requests
                   if not url.startswith((self.origin + "/", "about:", "data:", "blob:"))]
        return self.errors + strange

    def close(self):
        self.browser.call("Target.disposeBrowserContext", browserContextId=self.context)
        del self.browser.pages[self.session]
