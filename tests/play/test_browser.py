"""The playground's page in a headless Chromium; .ci/run sees to it that there is one."""

import re
import time
from itertools import chain

import numpy as np
import pytest
from chromium import PATH, Chromium

from autograd.play import Settings, program

pytestmark = pytest.mark.skipif(PATH is None, reason="Chromium is not installed: apt-get install chromium")

ROWS = "".join(f"{n},{(7 * n) % 5},{'low' if n < 10 else 'high'}\n" for n in range(20))
CONTROLS = ["play", "step", "reset", "copy", "data", "file", "size-0", "size-1", "more", "fewer"]
CONTROLS += ["activation", "loss-name", "optimizer", "lr", "penalty", "seed"]
CONTROLS += ["layer", "neuron", "input"]
UPDATES = "Number(document.getElementById('updates').textContent)"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def opened(browser, server):
    """A function that opens the page; at its end no error has reached the console."""
    pages = []

    def opened(**options):
        page = browser.page(server.address, **options)
        pages.append(page)
        page.until("frame !== null && explained !== null")
        return page

    yield opened
    for page in pages:
        assert page.errors() == []
        page.close()


@pytest.fixture
def page(opened):
    return opened()


def percent(page, selector):
    return int(page.text(selector).removesuffix(" %"))


def number(text):
    return float(text.replace("−", "-"))


# Learning -----------------------------------------------------------------------------------------


def test_the_spiral_is_learned_with_the_settings_that_the_page_begins_with(page):
    assert page.run("document.getElementById('data').value") == "spiral"
    before = number(page.text("#loss-held"))
    page.click("#play")
    assert page.until(f"{UPDATES} >= 500 && {UPDATES}", 60) < 600
    page.click("#play")
    page.until("!frame.playing")
    assert percent(page, "#right-held") > 95
    assert number(page.text("#loss-held")) < before / 5


def test_the_boundary_the_neurons_the_weights_and_the_losses_move_while_the_net_learns(page):
    # Pictures of the canvases, and those of a part in which there are the neurons of the first layer
    pictures = "['plane', 'net', 'curve'].map(id => document.getElementById(id).toDataURL())"
    first = page.run(pictures)
    frames = [page.run("frame")]
    page.click("#play")
    page.until(f"{UPDATES} > 30")
    page.click("#play")
    page.until("!frame.playing")
    frames.append(page.run("frame"))
    time.sleep(0.1)
    assert all(a != b for a, b in zip(first, page.run(pictures), strict=True))
    before, after = frames
    assert before["output"] != after["output"]
    pairs = zip(chain(*before["neurons"]), chain(*after["neurons"]), strict=True)
    assert all(a != b for a, b in pairs)
    assert not np.array_equal(before["weights"][0], after["weights"][0])


def test_play_pause_step_and_reset(page):
    loss = page.text("#loss")
    page.click("#step")
    page.until(f"{UPDATES} === 1")
    page.click("#play")
    page.until(f"{UPDATES} > 10")
    assert page.text("#play") == "Pause"
    page.click("#play")
    page.until("document.getElementById('play').textContent === 'Play'")
    stopped = page.run(UPDATES)
    time.sleep(0.3)
    assert page.run(UPDATES) == stopped
    page.click("#step")
    page.until(f"{UPDATES} === {stopped + 1}")
    assert page.text("#loss") != loss
    page.click("#reset")
    page.until(f"{UPDATES} === 0")
    assert page.text("#loss") == loss
    assert page.run("losses.length") == 1


@pytest.mark.parametrize(
    ("control", "value", "shown"),
    [
        ("data", "moons", "scene.classes[0] === 'lower'"),
        ("seed", "3", "losses.length === 1 && frame.weights[0][0][0] !== before"),
        ("activation", "relu", "frame.weights[0][0][0] !== before"),
        ("size-0", "3", "scene.layers.join() === '2,3,8,1' && frame.neurons[0].length === 3"),
        ("penalty", "0.1", "scene.penalty === 0.1"),
    ],
)
def test_a_change_of_a_setting_begins_anew(page, control, value, shown):
    page.run("before = frame.weights[0][0][0]")
    page.click("#step")
    page.until(f"{UPDATES} === 1")
    page.choose(f"#{control}", value)
    page.until(f"{UPDATES} === 0 && {shown}")


def test_layers_are_added_and_removed_between_none_and_six(page):
    for layers in (3, 4, 5, 6):
        page.click("#more")
        page.until(f"scene.layers.length === {layers + 2}")
    assert page.run("document.getElementById('more').disabled")
    page.choose("#size-5", "16")
    page.until("scene.layers[6] === 16 && frame.neurons[5].length === 16")
    for layers in (5, 4, 3, 2, 1, 0):
        page.click("#fewer")
        page.until(f"scene.layers.length === {layers + 2}")
    assert page.run("document.getElementById('fewer').disabled")
    page.click("#step")
    page.until(f"{UPDATES} === 1")


def test_a_size_that_cannot_be_is_told_and_the_setting_goes_back(page):
    page.choose("#size-1", "17")
    page.until("!document.getElementById('trouble').hidden")
    assert page.text("#trouble") == "a hidden layer must have at most 16 neurons, got 17"
    assert page.run("document.getElementById('size-1').value") == "8"
    page.click("#step")
    page.until(f"{UPDATES} === 1")
    assert page.run("document.getElementById('trouble').hidden")


def test_a_loss_that_is_not_finite_stops_the_training_with_a_message(page):
    for control, value in (("loss-name", "mse"), ("optimizer", "sgd"), ("activation", "relu"), ("lr", "10")):
        page.choose(f"#{control}", value)
    page.until("scene !== null && document.getElementById('lr').value === '10'")
    page.until(f"{UPDATES} === 0")
    page.click("#play")
    page.until("!document.getElementById('trouble').hidden")
    assert "no longer finite" in page.text("#trouble")
    assert "choose a smaller one" in page.text("#trouble")
    page.until("document.getElementById('play').textContent === 'Play'")


# Tables -------------------------------------------------------------------------------------------


def test_a_table_of_ones_own_is_learned(page, tmp_path):
    (tmp_path / "mine.csv").write_text("length,rest,size\n" + ROWS)
    page.upload("#file", tmp_path / "mine.csv")
    page.until("scene.classes[0] === 'low'")
    assert page.run("document.getElementById('data').value") == "csv"
    assert page.run("document.getElementById('data').selectedOptions[0].text") == "mine.csv, 20 rows"
    assert page.run("scene.features.join()") == "length,rest"
    assert page.run("[...document.querySelectorAll('#key li')].map(li => li.textContent)")[:2] == [
        "low",
        "high",
    ]
    page.click("#play")
    page.until(f"{UPDATES} > 100")
    assert percent(page, "#right") == 100
    assert "read_points('mine.csv', seed=0)" in page.run("list()")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "mine.csv: the playground wants three columns"),
        ("a,b,c\n" + ROWS + "1,two,low\n", "mine.csv, line 22, column 'b': 'two' is no finite number"),
        ("a,b,c\n" + "1" * 1_000_001, "mine.csv: a table has at most 1 MB."),
    ],
)
def test_a_table_that_cannot_be_used_is_told_and_changes_nothing(page, tmp_path, text, message):
    page.click("#step")
    page.until(f"{UPDATES} === 1")
    (tmp_path / "mine.csv").write_text(text)
    page.upload("#file", tmp_path / "mine.csv")
    page.until("!document.getElementById('trouble').hidden")
    assert message in page.text("#trouble")
    assert page.run("document.getElementById('data').value") == "spiral"
    assert page.run(UPDATES) == 1


# Where a gradient comes from ----------------------------------------------------------------------


def edge(page, layer, neuron, input, along=0.5):
    """A point on the connection of a weight, as seen in the window."""
    page.run("document.getElementById('net').scrollIntoView({block: 'center'})")
    return page.run(
        f"(() => {{ const box = document.getElementById('net').getBoundingClientRect();"
        f" const a = places[{layer}][{input}], b = places[{layer + 1}][{neuron}];"
        f" const x = a.x + tile / 2 + {along} * (b.x - a.x - tile);"
        f" return [box.left + x, box.top + a.y + {along} * (b.y - a.y)]; }})()"
    )


@pytest.mark.parametrize("weight", [(0, 2, 1), (1, 7, 0), (2, 0, 4)])
def test_pointing_at_a_connection_shows_the_parts_of_its_gradient_which_add_up(page, weight):
    for _ in range(3):
        page.click("#step")
    page.until(f"{UPDATES} === 3")
    layer, neuron, input = weight
    page.move(*edge(page, *weight, along=0.06 if layer == 1 else 0.9 if layer == 0 else 0.1))
    picked = "['layer', 'neuron', 'input'].map(id => document.getElementById(id).value).join()"
    page.until(f"{picked} === '{layer},{neuron},{input}'")
    page.until("document.getElementById('why').textContent.includes('to neuron')")
    gradient = page.run(f"ask('/explain', {{layer: {layer}, neuron: {neuron}, input: {input}}})")["gradient"]
    page.until(f"explained.gradient === {gradient}")
    rows = page.run(
        "[...document.querySelectorAll('#parts tbody tr')].map(r => [...r.cells].map(c => c.textContent))"
    )
    assert len(rows) == 7
    for _, _, error, came_in, part in rows[:5]:
        last = 10.0 ** -len(part.partition(".")[2])  # the last digit that is shown, the same for all
        assert number(error) * number(came_in) == pytest.approx(number(part), rel=0.01, abs=last)
    parts = [number(row[4]) for row in rows]
    assert max(map(abs, parts[:6])) > 99 * last
    assert sum(parts[:6]) == pytest.approx(parts[6], abs=3.5 * last)
    assert parts[6] == pytest.approx(gradient, abs=last)
    assert f"to neuron {neuron + 1} of {['layer 1', 'layer 2', 'the output'][layer]}" in page.text("#why")
    weights = page.run("frame.weights")
    assert f"is {weights[layer][neuron][input]:.3g}".replace("-", "−") in page.text("#why")


def test_pointing_at_a_neuron_explains_its_bias_and_the_points_are_marked(page):
    plane = page.run("document.getElementById('plane').toDataURL()")
    page.run("document.getElementById('net').scrollIntoView({block: 'center'})")
    x, y = page.run(
        "(({left, top}) => [left + places[1][4].x, top + places[1][4].y])"
        "(document.getElementById('net').getBoundingClientRect())"
    )
    page.move(x, y)
    page.until("document.getElementById('why').textContent.startsWith('The bias to neuron 5 of layer 1')")
    time.sleep(0.1)
    assert page.run("document.getElementById('plane').toDataURL()") != plane
    assert page.run("explained.largest.every(row => row.input === 1)")


def test_a_weight_is_chosen_without_a_mouse_and_its_explanation_follows_the_training(page):
    page.choose("#layer", "1")
    assert page.run("document.getElementById('input').options.length") == 9
    page.choose("#neuron", "3")
    page.choose("#input", "8")
    page.until("document.getElementById('why').textContent.startsWith('The bias to neuron 4 of layer 2')")
    before = page.text("#why")
    page.click("#play")
    page.until(f"{UPDATES} > 20")
    page.click("#play")
    page.until("!frame.playing && !asking && !again")
    assert page.text("#why") != before
    assert page.run("explained.weight.toPrecision(6) === frame.weights[1][3][8].toPrecision(6)")


def test_quick_changes_are_carried_out_in_order_and_no_explanation_is_taken_for_that_of_another_net(page):
    page.choose("#layer", "2")
    page.click("#play")
    page.run(
        "(async () => { for (let k = 0; k < 40; k++) {"
        " hidden = k % 2 ? [] : [8, 8, 8]; build(); command('/play'); explain(true);"
        " if (k % 8 === 0) await new Promise(done => setTimeout(done, 30)); } })()"
    )
    page.choose("#data", "xor")
    page.until("scene.classes[0] === 'signs differ' && scene.layers.join() === '2,1' && !asking && !again")
    page.until("explained.training === scene.training")
    assert page.text("#why").startswith("The weight from x1 to neuron 1 of the output")


# The program --------------------------------------------------------------------------------------


def test_the_button_copies_the_program_that_does_the_same(page, browser, server):
    browser.call(
        "Browser.grantPermissions",
        permissions=["clipboardReadWrite", "clipboardSanitizedWrite"],
        origin=server.address.rstrip("/"),
    )
    page.call("Emulation.setFocusEmulationEnabled", enabled=True)
    page.choose("#data", "xor")
    page.until("scene.classes[0] === 'signs differ'")
    page.click("#step")
    page.until(f"{UPDATES} === 1")
    page.click("#copy")
    page.until("document.getElementById('copy').textContent === 'Copied'")
    assert page.run("navigator.clipboard.readText()") == program(Settings(data="xor"), 1)
    page.click("#h-program")
    page.until("document.getElementById('text').textContent.includes('range(1)')")
    page.click("#step")
    page.until("document.getElementById('text').textContent.includes('range(2)')")


def test_where_the_browser_forbids_copying_the_program_is_shown_and_selected(page):
    page.run(
        "navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError'))"
    )
    page.click("#copy")
    page.until("getSelection().toString().includes('range(500)')")
    assert "selected below" in page.text("#trouble")


# Sight, keyboard, screen readers ------------------------------------------------------------------


CUT = """
[...document.querySelectorAll('body *')].filter(e => {
  const box = e.getBoundingClientRect();
  if (!box.width || e.closest('.unseen, pre, .scroll, option, svg')) return false;
  const within = box.left >= -0.5 && box.right <= innerWidth + 0.5;
  const style = getComputedStyle(e), inline = style.display === 'inline' || e.tagName === 'SELECT';
  return !within || (!inline && e.scrollWidth > e.clientWidth + 1 && e.tagName !== 'INPUT');
}).map(e => e.outerHTML.slice(0, 80))
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("width", "height"), [(380, 700), (768, 1000), (1100, 700), (1366, 768), (1600, 900)]
)
def test_the_page_fits_its_window_and_nothing_is_cut(opened, width, height, scheme):
    page = opened(width=width, height=height, scheme=scheme)
    for _ in range(4):
        page.click("#more")
    page.until("scene.layers.length === 8")
    assert page.run("document.scrollingElement.scrollWidth <= innerWidth")
    assert page.run(CUT) == []
    assert page.run("[tile > 10, places.flat().every(p => p.x > 0 && p.y > 0)]") == [True, True]
    # A table of parts that is too wide would scroll by itself; here it is not
    assert page.run("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('.scroll'))")


@pytest.mark.parametrize("width", [380, 1600])
def test_a_message_is_seen_wherever_the_page_is_scrolled_to(opened, width):
    page = opened(width=width, height=700)
    page.choose("#size-1", "17")
    page.until("!document.getElementById('trouble').hidden")
    for place in (0, 300, 10_000):
        page.run(f"scrollTo(0, {place})")
        box = "document.getElementById('trouble').getBoundingClientRect()"
        assert page.run(f"{box}.top >= 0 && {box}.bottom < 300 && {box}.width > innerWidth / 2")


def test_all_but_the_program_is_seen_at_once_in_a_large_window(page):
    for section in ("#result", "#middle", "section"):
        bottom = page.run(f"document.querySelector('{section}').getBoundingClientRect().bottom")
        assert bottom <= 900, section
    assert page.run("document.querySelector('#h-program').getBoundingClientRect().bottom") <= 900


def test_tab_reaches_every_control_in_the_order_of_the_page_and_shows_where_it_is(page):
    page.call("Emulation.setFocusEmulationEnabled", enabled=True)
    reached = []
    for _ in range(len(CONTROLS) + 1):
        page.press("Tab")
        name, outline = page.run(
            "[document.activeElement.id, getComputedStyle(document.activeElement).outlineStyle]"
        )
        reached.append(name)
        assert outline == "solid"
    assert reached == [*CONTROLS, "h-program"]
    assert set(page.run("[...document.querySelectorAll('button, select, input')].map(e => e.id)")) == {
        *CONTROLS
    }


def test_space_and_enter_press_the_buttons(page):
    page.call("Emulation.setFocusEmulationEnabled", enabled=True)
    page.press("Tab")
    page.press(" ")
    page.until(f"{UPDATES} > 5")
    page.press("Enter")
    page.until("!frame.playing")
    stopped = page.run(UPDATES)
    page.press("Tab")
    page.press("Enter")
    page.until(f"{UPDATES} === {stopped + 1}")


def test_every_control_and_picture_has_a_name_for_screen_readers(page):
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    named = {}
    for node in nodes:
        role = node.get("role", {}).get("value")
        if not node.get("ignored"):
            named.setdefault(role, []).append(node.get("name", {}).get("value", ""))
    controls = [*chain(*(named.get(role, []) for role in ("button", "combobox", "spinbutton")))]
    assert len(controls) >= len(CONTROLS)
    assert all(controls)
    for name in (
        "Play",
        "Data",
        "Learning rate",
        "Neurons in layer 1",
        "To neuron",
        "Seed of data and weights",
    ):
        assert name in controls
    assert any("A table of your own" in name for name in controls)
    pictures = named.get("image", []) + named.get("img", [])
    assert len(pictures) == 3
    assert all("Step 0, paused: loss 0." in name and "2 hidden layers" in name for name in pictures)
    assert page.run("document.documentElement.lang") == "en"


def test_the_status_is_told_when_the_training_pauses_and_not_with_every_frame(page):
    page.run(
        "told = 0; new MutationObserver(() => { told += 1; })"
        ".observe(document.getElementById('status'), {childList: true})"
    )
    page.click("#play")
    page.until(f"{UPDATES} > 60")
    page.click("#play")
    page.until("!frame.playing")
    assert page.run("told") <= 4
    assert page.text("#status").startswith(f"Step {page.run(UPDATES)}, paused: loss ")


CONTRAST = """
(() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = e => {
    for (; e; e = e.parentElement) {
      const found = rgb(getComputedStyle(e).backgroundColor);
      if (found.length < 4 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  document.getElementById('trouble').hidden = false;
  document.getElementById('trouble').textContent = 'a message';
  const found = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!(own || e.matches('input, select')) || e.closest('script, style, option, .unseen')) continue;
    const [a, b] = [luminance(rgb(getComputedStyle(e).color)), luminance(ground(e))].sort((x, y) => y - x);
    found.push([(a + 0.05) / (b + 0.05), e.outerHTML.slice(0, 60)]);
  }
  return found;
})()
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground_in_light_and_dark(opened, scheme):
    page = opened(scheme=scheme)
    found = page.run(CONTRAST)
    assert len(found) > 60
    assert [(ratio, text) for ratio, text in found if ratio < 4.5] == []
    ground = page.run("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground))) < 150) is (scheme == "dark")
    # Text in canvases has the colours of text elsewhere, and lines and markers enough contrast to be seen
    tones = page.run("colours")

    def luminance(tone):
        digits = tone[1:] if len(tone) == 7 else "".join(2 * c for c in tone[1:])
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return np.dot(parts, [0.2126, 0.7152, 0.0722])

    for tone, least in (("pale", 4.5), ("ink", 4.5), ("first", 3), ("second", 3), ("held", 3)):
        low, high = sorted(luminance(tones[name]) for name in (tone, "card"))
        assert (high + 0.05) / (low + 0.05) >= least, tone


def test_the_pictures_follow_a_change_of_the_colour_scheme(page):
    light = page.run("document.getElementById('plane').toDataURL()")
    page.media("dark")
    page.until("colours.card === '#1a212b'")
    time.sleep(0.1)
    assert page.run("document.getElementById('plane').toDataURL()") != light


def test_pictures_move_rarely_where_motion_is_to_be_reduced(page):
    page.media(motion="reduce")
    page.run("draws = 0; const before = drawPlane; drawPlane = () => { draws += 1; before(); }")
    page.click("#play")
    page.until(f"{UPDATES} > 90")
    page.run("shown = [draws, frame.updates]")
    draws, updates = page.run("shown")
    assert draws <= updates / 3 / 2  # fewer than half of the frames
    page.click("#play")
    page.until("!frame.playing")


# Ends ---------------------------------------------------------------------------------------------


def test_closing_the_page_ends_its_training(opened, server):
    page = opened()
    (session,) = server.sessions.values()
    page.click("#play")
    page.until(f"{UPDATES} > 5")
    assert page.errors() == []
    page.close()
    page.errors = list
    for _ in range(200):
        if session.ended and not server.sessions:
            break
        time.sleep(0.05)
    assert session.ended
    assert server.sessions == {}


def test_the_end_of_the_server_is_told_on_the_page(browser, server):
    with browser.page(server.address) as page:
        page.until("frame !== null")
        for session in list(server.sessions.values()):
            session.end()
        page.until("!document.getElementById('trouble').hidden")
        assert "reload the page" in page.text("#trouble").lower()
        assert page.run("[...document.querySelectorAll('button')].every(button => button.disabled)")


def test_what_the_script_is_forbidden_stays_forbidden(browser, server):
    """The page's policy: no script of others, no request elsewhere, and no frame."""
    with browser.page(server.address) as page:
        page.until("frame !== null")
        page.run(
            "{ const added = document.createElement('script'); added.textContent = 'evil = 1';"
            " document.body.append(added) }"
        )
        assert page.run("typeof evil") == "undefined"
        with pytest.raises(RuntimeError, match="Failed to fetch"):
            page.run("fetch('http://127.0.0.1:9/')")
