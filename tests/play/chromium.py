"""A headless Chromium, driven by its DevTools protocol over two pipes; it needs no package."""

import base64
import json
import os
import select
import shutil
import subprocess
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATH = next(filter(None, map(shutil.which, NAMES)), None)
KEYS = {"Tab": 9, "Enter": 13, " ": 32, "ArrowDown": 40}


class Chromium:
    """A browser, for a with block."""

    def __init__(self, folder):
        (from_browser, self.written), (self.read, to_us) = os.pipe(), os.pipe()
        descriptors = f'exec "$0" "$@" 3<&{from_browser} 4>&{to_us}'
        options = ["--headless=new", "--remote-debugging-pipe", f"--user-data-dir={folder}"]
        options += ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        options += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
        self.process = subprocess.Popen(
            ["bash", "-c", descriptors, PATH, *options, "about:blank"],
            pass_fds=(from_browser, to_us),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(from_browser)
        os.close(to_us)
        self.buffer, self.number, self.events = b"", 0, []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.call("Browser.close")
        self.process.wait(30)
        os.close(self.written)
        os.close(self.read)

    def call(self, method, session=None, **parameters):
        """The result of a method of the protocol."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        message |= {"sessionId": session} if session else {}
        os.write(self.written, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive(30)
            if answer is None:
                raise TimeoutError(f"{method}: no answer")
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def receive(self, seconds):
        """The next message; None if none comes for so long."""
        end = time.monotonic() + seconds
        while b"\0" not in self.buffer:
            if not select.select([self.read], [], [], max(0, end - time.monotonic()))[0]:
                return None
            self.buffer += os.read(self.read, 1 << 20)
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def page(self, address, width=1600, height=900, scheme="light"):
        """A new page."""
        return Page(self, address, width, height, scheme)


class Page:
    """A page of the browser, for a with block."""

    def __init__(self, browser, address, width, height, scheme):
        self.browser = browser
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        attached = browser.call("Target.attachToTarget", targetId=self.target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "DOM", "Accessibility"):
            self.call(f"{domain}.enable")
        self.resize(width, height)
        self.media(scheme)
        self.call("Page.navigate", url=address)
        self.until("document.readyState === 'complete'")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        if self.target:
            self.browser.call("Target.closeTarget", targetId=self.target)
        self.target = None

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def resize(self, width, height):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def media(self, scheme="light", motion="no-preference"):
        """Emulate a colour scheme, and whether motion is to be reduced."""
        features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": motion}
        features = [{"name": name, "value": value} for name, value in features.items()]
        self.call("Emulation.setEmulatedMedia", features=features)

    def run(self, code):
        """The value of an expression of JavaScript."""
        options = {"returnByValue": True, "awaitPromise": True, "userGesture": True}
        found = self.call("Runtime.evaluate", expression=code, **options)
        if "exceptionDetails" in found:
            raise RuntimeError(f"{code}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def until(self, code, seconds=30):
        """Wait until an expression is true, and return its value."""
        end = time.monotonic() + seconds
        while not (value := self.run(code)):
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s: {code}")
            time.sleep(0.05)
        return value

    def text(self, selector):
        return self.run(f"document.querySelector({json.dumps(selector)}).textContent")

    def click(self, selector):
        """Click on the middle of an element, as the mouse does."""
        element = f"document.querySelector({json.dumps(selector)})"
        self.run(f"{element}.scrollIntoView({{block: 'center'}})")
        x, y = self.run(
            f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2])"
            f"({element}.getBoundingClientRect())"
        )
        self.move(x, y)
        for kind in ("mousePressed", "mouseReleased"):
            options = {"x": x, "y": y, "button": "left", "clickCount": 1}
            self.call("Input.dispatchMouseEvent", type=kind, **options)

    def move(self, x, y):
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def press(self, key):
        text = {"Enter": "\r", " ": " "}.get(key)
        options = {"key": key, "windowsVirtualKeyCode": KEYS[key], **({"text": text} if text else {})}
        self.call("Input.dispatchKeyEvent", type="keyDown", **options)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=KEYS[key])

    def choose(self, selector, value):
        """Choose an option, or type a value, as a user's choice is told to the page."""
        self.run(
            f"((element) => {{ element.value = {json.dumps(value)};"
            f" element.dispatchEvent(new Event('change', {{bubbles: true}})) }})"
            f"(document.querySelector({json.dumps(selector)}))"
        )

    def upload(self, selector, path):
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.run(f"document.querySelector({json.dumps(selector)}).value = ''")
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def picture(self, path):
        """Save a picture of what is seen."""
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def errors(self):
        """What the console has been told of errors and warnings."""
        self.run("0")
        events = [event for event in self.browser.events if event.get("sessionId") == self.session]
        told = [e for e in events if e["method"] == "Runtime.exceptionThrown"]
        told += [
            e
            for e in events
            if e["method"] == "Runtime.consoleAPICalled" and e["params"]["type"] in ("error", "warning")
        ]
        told += [
            e
            for e in events
            if e["method"] == "Log.entryAdded" and e["params"]["entry"]["level"] in ("error", "warning")
        ]
        return told
