"""Each view as a person uses it: its numbers are NumPy's, to the digits that are printed."""

import base64
import json
import re
from urllib.request import urlopen

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from server.regression.normalization import NORMALIZATIONS, PLACEMENTS
from server.regression.regression import softmax
from server.regression.transformations import TRANSFORMATIONS, Transformation
from server.storage.model_file import MODELS, load_model
from tests.page.oracle import (
    HALF_CENT,
    Array,
    Drawing,
    choose_digit,
    colours_of,
    draw,
    heatmap_colours,
    numbers,
    read_number,
)
from tests.support.digits import FOUR
from tests.support.page import open_view, place_of, wait_for_frames
from tests.support.pen import draw_with_mouse, on_screen


def point_at(page: Page, picture: str, row: int, column: int) -> None:
    page.mouse.move(*place_of(page, picture, row, column))


def assert_rows_add_up(page: Page, drawing: Drawing) -> None:
    rows = page.locator("[data-class]")
    sums, bias = numbers(rows.locator(".sum")), numbers(rows.locator(".bias"))
    evidence = numbers(rows.locator(".evidence"))
    assert sums == pytest.approx(drawing.contributions.sum(axis=0), abs=HALF_CENT)
    assert bias == pytest.approx(drawing.model.bias, abs=HALF_CENT)
    assert evidence == pytest.approx(drawing.evidence, abs=HALF_CENT)
    # Three rounded numbers add up to within a cent and a half.
    assert np.add(sums, bias) == pytest.approx(evidence, abs=0.0151)
    percents = numbers(rows.locator(".percent"))
    assert percents == pytest.approx(100 * softmax(drawing.evidence), abs=0.051)


def test_contributions_and_bias_add_up_to_the_evidence_of_a_drawing(page: Page) -> None:
    assert_rows_add_up(page, draw(page))


@pytest.mark.parametrize("name", ["A 0 of MNIST, number 1", "A 5 of MNIST, number 3"])
@pytest.mark.parametrize("model", ["pooled", "normalized", "tutorial"])
def test_contributions_and_bias_add_up_to_the_evidence_of_a_real_digit(
    page: Page, name: str, model: str
) -> None:
    page.select_option("#model", model)
    drawing = choose_digit(page, name)
    found = json.load(urlopen(f"{page.url.partition('#')[0]}api/digits"))["digits"]
    label, number = int(name[2]), int(name[-1])
    assert base64.b64decode(found[5 * label + number - 1]["pixels"]) == drawing.sent.tobytes()
    assert_rows_add_up(page, drawing)


def test_heatmaps_are_coloured_by_their_numbers_on_one_scale(page: Page) -> None:
    drawing = draw(page)
    for selector, values in [
        (".weights", drawing.model.weights.astype(float)),
        (".contributions", drawing.contributions),
    ]:
        for digit in (0, 7):
            shown = colours_of(page.locator(f"[data-class='{digit}'] {selector}"))
            expected = heatmap_colours(values[:, digit], float(np.abs(values).max()))
            assert np.abs(shown[:, :3] - expected).max() <= 1
            assert (shown[:, 3] == 255).all()


@pytest.mark.parametrize("way", ["mouse", "keys"])
def test_a_pixel_shows_its_ink_weights_and_contributions_in_every_map(page: Page, way: str) -> None:
    drawing = draw(page)
    row, column = 8, 12
    if way == "mouse":
        point_at(page, "#seen", row, column)
    else:
        page.locator(".pictures .map").focus()
        for key in ["ArrowUp"] * (14 - row) + ["ArrowLeft"] * (14 - column):
            page.keyboard.press(key)
    index = row * 28 + column
    ink = drawing.seen[index]
    expect(page.locator("#pixel")).to_have_text(f"Row 9, column 13: x = {ink:.2f}")
    rows = page.locator("[data-class]")
    weights = drawing.model.weights[index]
    assert numbers(rows.locator(".weight")) == pytest.approx(weights, abs=HALF_CENT)
    shown = numbers(rows.locator(".contribution"))
    assert shown == pytest.approx(drawing.contributions[index], abs=HALF_CENT)
    marks = page.locator(".map:visible").evaluate_all(
        "maps => maps.map(map => getComputedStyle(map, '::after').content !== 'none')"
    )
    assert marks == [True] * 21


def test_a_pixel_is_let_go_when_the_mouse_leaves_the_pictures(page: Page) -> None:
    draw(page)
    point_at(page, "#seen", 3, 3)
    expect(page.locator("#pixel")).to_have_text(re.compile("Row 4"))
    page.locator("h1").hover()
    expect(page.locator("#pixel")).to_have_text("")


def test_the_answer_says_what_gave_it_its_lead(page: Page) -> None:
    drawing = draw(page)
    evidence, bias = drawing.evidence, drawing.model.bias
    second = int(np.argsort(evidence)[-2])
    lead = evidence[7] - evidence[second]
    difference = (drawing.contributions[:, 7] - drawing.contributions[:, second]).reshape(28, 28)
    thirds = [slice(0, 10), slice(10, 19), slice(19, 28)]
    parts = [bias[7] - bias[second]]
    parts += [difference[rows, columns].sum() for rows in thirds for columns in thirds]
    words = page.locator("#answer-why").inner_text()
    found = re.fullmatch(
        r"7 leads (\d) by (\S+) of evidence\. Most for it: .+, (\S+)\. Most against: .+, (\S+)\.",
        words,
    )
    assert found, words
    assert int(found[1]) == second
    shown = [read_number(text.rstrip(".")) for text in found.groups()[1:]]
    assert shown == pytest.approx([lead, max(parts), min(parts)], abs=HALF_CENT)


def test_another_model_explains_with_its_own_weights(page: Page) -> None:
    draw(page)
    why = page.locator("#answer-why")
    before = why.inner_text()
    page.select_option("#model", "tutorial")
    expect(why).to_contain_text("7 leads")
    expect(why).not_to_have_text(before)


def find_transformation(drawing: Drawing, digit: int) -> Transformation:
    choices = TRANSFORMATIONS[drawing.model.card.transformations]
    pixels = drawing.normalized.astype(np.float32)
    return choices.transformations[drawing.model.regression.chosen(pixels)[digit]]


def test_the_page_says_how_the_answer_transformed_the_drawing(page: Page) -> None:
    drawing = draw(page, FOUR)
    answer = int(drawing.evidence.argmax())
    chosen = find_transformation(drawing, answer)
    words = page.locator("#normalization")
    expect(words).to_contain_text(f"{answer} ")
    text = words.inner_text()
    assert (f"turned it {abs(chosen.rotation):g}°" in text) == (chosen.rotation != 0)
    assert bool(re.search("px (left|right)", text)) == (chosen.right != 0)
    assert bool(re.search("px (up|down)", text)) == (chosen.down != 0)
    shown = colours_of(page.locator("#seen"))[:, 3] / 255
    assert shown == pytest.approx(drawing.seen, abs=0.003)
    page.select_option("#model", "normalized")
    expect(words).not_to_contain_text(f"{answer} ")


def test_each_digit_lights_up_the_drawing_as_it_transforms_it(page: Page) -> None:
    drawing = draw(page)
    # Different digits choose different transformations, or this would show nothing.
    assert len({find_transformation(drawing, digit) for digit in range(10)}) > 2
    open_view(page, "weights")
    outlines = page.locator("#weights-own .outline path").evaluate_all(
        "paths => paths.map(path => path.getAttribute('d'))"
    )
    assert len(set(outlines)) == len({tuple(drawing.inputs[:, digit] > 0.5) for digit in range(10)})


def test_one_model_of_each_recipe_is_shown_on_one_drawing(page: Page) -> None:
    drawing = draw(page)
    open_view(page, "weights")
    page.select_option("#beside", label="all recipes")
    names = page.locator(".weight-maps:visible h2")
    expect(names).to_have_text([re.compile(name) for name in ("pooled", "tutorial", "normalized")])
    for place, name in [("beside", "tutorial"), ("beside-2", "normalized")]:
        other = Drawing(load_model(MODELS / f"{name}.npz"), drawing.sent)
        path = page.locator(f"#weights-{place} .outline path").first
        expect(path).to_have_attribute("d", re.compile("M"))
        rows = {int(row) for row in re.findall(r"M\d+ (\d+)h", path.get_attribute("d") or "")}
        inked = np.nonzero(other.seen.reshape(28, 28).max(axis=1) > 0.5)[0]
        assert (min(rows), max(rows)) == (inked[0], inked[-1] + 1)
    expect(page).to_have_url(re.compile("beside=-all"))
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    expect(names).to_have_count(3)


def test_the_guide_compares_three_models_on_one_drawing(page: Page) -> None:
    drawing = draw(page)
    guide_step(page, 7)
    rows = page.locator("#guide-models tbody tr")
    expect(rows.locator(".reading")).to_have_text([re.compile("%")] * 3)
    for place, name in enumerate(["tutorial", "normalized", "pooled"]):
        model = load_model(MODELS / f"{name}.npz")
        expected = Drawing(model, drawing.sent)
        row = rows.nth(place)
        expect(row.locator("th")).to_have_text(
            f"{name} {100 * model.card.test_accuracy:.1f}% on MNIST"
        )
        probabilities = softmax(expected.evidence)
        digit = probabilities.argmax()
        expect(row.locator(".reading")).to_have_text(
            f"{digit}, with {100 * probabilities[digit]:.1f}%"
        )
        shown = colours_of(row.locator(".input"))[:, 3] / 255
        assert shown == pytest.approx(expected.inputs[:, 7], abs=0.003)


@pytest.mark.parametrize(
    ("term", "lit"), [("x", "#seen"), ("W", ".weights"), ("b", ".bias"), ("y", ".percent")]
)
def test_a_term_of_the_equation_lights_up_where_it_comes_from(
    page: Page, term: str, lit: str
) -> None:
    draw(page)
    part = page.locator(lit).first.locator("xpath=ancestor-or-self::*[@data-of][1]")
    outline = "element => getComputedStyle(element).outlineStyle"
    assert part.evaluate(outline) == "none"
    page.locator(f"#equation [data-term='{term}']").hover()
    assert part.evaluate(outline) == "solid"
    page.locator("h1").hover()
    page.locator(f"#equation [data-term='{term}']").focus()
    assert part.evaluate(outline) == "solid"


def test_every_number_of_the_pixels_view_is_a_pixel_that_the_model_saw(page: Page) -> None:
    drawing = draw(page, FOUR)
    open_view(page, "pixels")
    shown = numbers(page.locator("#numbers td"))
    assert shown == pytest.approx(drawing.seen, abs=HALF_CENT)
    row, column = 14, 10
    index = 28 * row + column
    point_at(page, "#numbers", row, column)
    expect(page.locator("#pixels-at")).to_have_text(
        f"Row 15, column 11: x = {drawing.seen[index]:.2f}"
    )
    weights = drawing.model.weights[index]
    terms = page.locator("#pixel-terms")
    assert numbers(terms.locator(".weight")) == pytest.approx(weights, abs=HALF_CENT)
    assert numbers(terms.locator(".contribution")) == pytest.approx(
        drawing.contributions[index], abs=HALF_CENT
    )
    placement = drawing.model.placement(drawing.sent.astype(np.float32) / 255)
    stretches = re.findall(r"([\d.]+)×", page.locator("#pixels-story").inner_text())
    assert [float(text) for text in stretches] == pytest.approx(
        [14 / reach for reach in placement.reach], abs=HALF_CENT
    )


def test_softmax_is_shown_step_by_step_at_any_temperature(page: Page) -> None:
    drawing = draw(page)
    open_view(page, "softmax")
    page.locator("#steps [data-row='1'] .add").last.click(click_count=3)
    page.locator("#temperature").fill("0.3")
    temperature = 10**0.3
    evidence = drawing.evidence + 3 * (np.arange(10) == 1)
    shifted = (evidence - evidence.max()) / round(temperature, 2)
    exponentials = np.exp(shifted)
    expect(page.locator("#temperature-value")).to_have_text(f"{temperature:.2f}")
    rows = page.locator("#steps [data-row]")
    assert numbers(rows.locator(".evidence .value")) == pytest.approx(evidence, abs=HALF_CENT)
    assert numbers(rows.locator(".shifted .value")) == pytest.approx(shifted, abs=HALF_CENT)
    shown = numbers(rows.locator(".exponential .value"))
    assert shown == pytest.approx(exponentials, rel=0.006)
    probabilities = exponentials / exponentials.sum()
    shown = numbers(rows.locator(".chance .value"))
    assert shown == pytest.approx(100 * probabilities, abs=0.051)
    assert numbers(rows.locator(".loss")) == pytest.approx(-np.log(probabilities), abs=HALF_CENT)
    assert numbers(page.locator("#steps-total")) == pytest.approx([exponentials.sum()], rel=0.006)
    page.click("#softmax-reset")
    shown = numbers(rows.locator(".evidence .value"))
    assert shown == pytest.approx(drawing.evidence, abs=HALF_CENT)


def test_one_more_unit_of_evidence_multiplies_the_odds_by_e(page: Page) -> None:
    drawing = draw(page)
    open_view(page, "softmax")
    page.locator("#steps [data-row='4'] .add").last.click()
    words = page.locator("#odds").inner_text()
    found = re.search(r"odds of 4 from (\S+) to (\S+) against all others: (\S+) times", words)
    assert found, words
    before = softmax(drawing.evidence)[4]
    expected = before / (1 - before)
    shown = [read_number(text) for text in found.groups()]
    assert shown == pytest.approx([expected, expected * np.e, np.e], rel=0.006)


def test_the_weights_are_read_off_under_the_pointer_on_a_scale_in_numbers(page: Page) -> None:
    drawing = draw(page)
    open_view(page, "weights")
    limit = np.abs(drawing.model.weights).max()
    scale = numbers(page.locator("#scale-least, #scale-most"))
    assert scale == pytest.approx([-limit, limit], abs=HALF_CENT)
    row, column = 9, 17
    point_at(page, "#weights-own li:nth-child(4) canvas", row, column)
    weights = drawing.model.weights[28 * row + column]
    values = page.locator("#weights-own .value")
    assert numbers(values) == pytest.approx(weights, abs=HALF_CENT)
    expect(page.locator("#weights-at")).to_have_text("Row 10, column 18")
    path = page.locator("#weights-own .outline path").first
    assert path.get_attribute("d")
    page.uncheck("#overlaid")
    assert not path.get_attribute("d")


def test_two_models_are_compared_on_one_scale(page: Page) -> None:
    draw(page)
    open_view(page, "weights")
    page.select_option("#beside", "tutorial")
    expect(page.locator("#weights-beside h2")).to_contain_text("tutorial")
    both = [load_model(MODELS / f"{name}.npz").weights for name in ("pooled", "tutorial")]
    limit = float(max(np.abs(weights).max() for weights in both))
    expect(page.locator("#scale-most")).to_have_text(f"+{limit:.2f}")
    for place, weights in zip(("own", "beside"), both, strict=True):
        shown = colours_of(page.locator(f"#weights-{place} canvas").nth(3))
        assert np.abs(shown[:, :3] - heatmap_colours(weights[:, 3], limit)).max() <= 1


def test_the_difference_of_two_digits_says_what_tells_them_apart(page: Page) -> None:
    drawing = draw(page)
    open_view(page, "weights")
    page.select_option("#pair-first", "7")
    page.select_option("#pair-second", "1")
    difference = (drawing.model.weights[:, 7] - drawing.model.weights[:, 1]).astype(float)
    shown = colours_of(page.locator("#difference"))
    expected = heatmap_colours(difference, float(np.abs(difference).max()))
    assert np.abs(shown[:, :3] - expected).max() <= 1
    point_at(page, "#difference", 12, 20)
    shown_value = numbers(page.locator("#difference-value"))
    assert shown_value == pytest.approx([difference[28 * 12 + 20]], abs=HALF_CENT)
    words = page.locator("#pair-words").inner_text()
    found = re.search(r"Your ink (\S+), the bias (\S+): 7 leads 1 by ([\d.]+)\.", words)
    assert found, words
    sums = drawing.contributions.sum(axis=0)
    ink = sums[7] - sums[1]
    bias = drawing.model.bias[7] - drawing.model.bias[1]
    shown_terms = [read_number(text) for text in found.groups()]
    assert shown_terms == pytest.approx([ink, bias, ink + bias], abs=HALF_CENT)


def assert_changed(page: Page, drawing: Drawing, inputs: Array) -> None:
    """Check all numbers of the view against NumPy's for the changed inputs (784, 10)."""
    after = (inputs * drawing.model.weights).sum(axis=0) + drawing.model.bias
    rows = page.locator("#before-after [data-row]")
    shown = numbers(rows.locator(".before"))
    assert shown == pytest.approx(drawing.evidence, abs=HALF_CENT)
    assert numbers(rows.locator(".after")) == pytest.approx(after, abs=HALF_CENT)
    shown = numbers(rows.locator(".percent"))
    assert shown == pytest.approx(100 * softmax(after), abs=0.051)
    answer, second = np.argsort(after)[::-1][:2]
    expect(page.locator("#flip-evidence")).to_contain_text(
        f"{answer} leads {second} by {after[answer] - after[second]:.2f}"
    )


def test_pixels_are_erased_and_filled_and_the_answer_follows(page: Page) -> None:
    drawing = draw(page)
    open_view(page, "change")
    page.mouse.move(*place_of(page, "#edit", 9, 10))
    page.mouse.down()
    page.mouse.move(*place_of(page, "#edit", 9, 15), steps=20)
    page.mouse.up()
    erased = drawing.inputs.copy()
    # A pixel that has no ink in the picture cannot be erased.
    stroke = 28 * 9 + np.arange(10, 16)
    erased[stroke[drawing.seen[stroke] > 0]] = 0
    assert_changed(page, drawing, erased)
    page.get_by_label("Fill", exact=True).check()
    page.mouse.click(*place_of(page, "#edit", 20, 5))
    filled = erased.copy()
    filled[28 * 20 + 5] = 1
    assert_changed(page, drawing, filled)
    page.click("#edit-undo")
    assert_changed(page, drawing, erased)
    page.click("#edit-reset")
    assert_changed(page, drawing, drawing.inputs)


def test_a_pixel_is_changed_by_keys_alone(page: Page) -> None:
    drawing = draw(page)
    open_view(page, "change")
    page.locator("#edit").focus()
    for key in ["ArrowUp", "ArrowUp", "ArrowLeft", "Space"]:
        page.keyboard.press(key)
    inputs = drawing.inputs.copy()
    index = 28 * 12 + 13
    inputs[index] = 0 if drawing.seen[index] > 0.5 else 1
    assert_changed(page, drawing, inputs)


def test_no_fewer_pixels_than_it_says_would_change_its_mind(page: Page) -> None:
    drawing = draw(page)
    open_view(page, "change")
    words = page.locator("#flip-pixels").inner_text()
    found = re.search(r"changing (\d+) pixels of the model.s input makes it a (\d)", words)
    assert found, words
    count, digit = int(found[1]), int(found[2])
    gains = []
    for other in set(range(10)) - {7}:
        slopes = drawing.model.weights[:, 7] - drawing.model.weights[:, other]
        now = drawing.contributions[:, 7] - drawing.contributions[:, other]
        # The most that changing each pixel takes from the lead, and the sum of the best.
        best = np.sort(np.maximum(now, now - slopes))[::-1]
        lead = drawing.evidence[7] - drawing.evidence[other]
        gains.append((lead - np.cumsum(best))[: count + 1])
    assert min(gain[count - 2] for gain in gains) > 0
    assert min(gain[count - 1] for gain in gains) < 0
    page.click("#flip")
    expect(page.locator("#change-words")).to_contain_text(f"now it is a {digit}")
    assert page.locator("#before-after .answered th").inner_text() == str(digit)


def test_the_drawing_lies_on_the_mean_digit_of_its_models_normalisation(page: Page) -> None:
    draw(page)
    open_view(page, "change")
    page.select_option("#mean", "7")
    mean = page.locator("#edit-mean")
    expect(mean).to_be_visible()
    found = json.load(urlopen(f"{page.url.partition('#')[0]}api/digits"))
    expected = np.frombuffer(base64.b64decode(found["means"]["moments"][7]), np.uint8)
    assert np.abs(colours_of(mean)[:, 3] - expected.astype(int)).max() <= 1


def guide_step(page: Page, step: int) -> None:
    open_view(page, "guide")
    page.locator("#guide-steps button").nth(step - 1).click()
    expect(page.locator(f"#guide-{step}")).to_be_visible()


def test_the_guide_finds_each_number_of_the_row_in_the_picture(page: Page) -> None:
    drawing = draw(page)
    guide_step(page, 1)
    page.locator("#guide-pixel").fill("300")
    words = page.locator("#guide-pixel-words")
    expect(words).to_have_text(f"Number 301 of 784 is row 11, column 21: {drawing.seen[300]:.2f}")
    strip = page.locator("#guide-strip").evaluate(
        "strip => [...strip.getContext('2d').getImageData(0, 0, 784, 1).data]"
    )
    shown = np.array(strip).reshape(784, 4)[:, 3] / 255
    assert shown == pytest.approx(drawing.seen, abs=0.003)


def test_the_guide_writes_a_label_one_hot(page: Page) -> None:
    draw(page)
    guide_step(page, 2)
    page.locator("#guide-2 .label").nth(3).click()
    assert numbers(page.locator("#guide-2 .hot")) == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    # A digit of MNIST brings its label.
    page.locator("#guide-digits button").nth(5).click()
    assert numbers(page.locator("#guide-2 .hot"))[5] == 1


def test_the_guide_sums_pixel_times_weight_as_far_as_asked(page: Page) -> None:
    drawing = draw(page)
    guide_step(page, 3)
    page.locator("#guide-3 .label").nth(7).click()
    words = page.locator("#guide-sum-words")
    page.locator("#guide-count").fill("400")
    sums = drawing.contributions[:, 7].cumsum()
    expect(words).to_have_text(f"The first 400 pixels add up to {sums[399]:+.2f} for 7.")
    page.locator("#guide-count").fill("784")
    expect(words).to_contain_text(f"that is the evidence, {drawing.evidence[7]:+.2f}.")


def test_the_guide_gives_a_digit_more_evidence(page: Page) -> None:
    drawing = draw(page)
    guide_step(page, 4)
    page.locator("#guide-4 .label").nth(2).click()
    page.locator("#guide-added").fill("9")
    evidence = drawing.evidence + 9 * (np.arange(10) == 2)
    rows = page.locator("#guide-softmax [data-row]")
    assert numbers(rows.locator(".evidence .value")) == pytest.approx(evidence, abs=HALF_CENT)
    shown = numbers(rows.locator(".percent"))
    assert shown == pytest.approx(100 * softmax(evidence), abs=0.051)


def test_the_guide_says_what_an_answer_costs(page: Page) -> None:
    drawing = draw(page)
    guide_step(page, 5)
    page.locator("#guide-5 .label").nth(1).click()
    loss = -np.log(softmax(drawing.evidence)[1])
    words = page.locator("#guide-loss-words")
    expect(words).to_contain_text(f"so the loss is −ln of that, {loss:.2f}")


def test_the_guide_descends_as_numpy_does(page: Page) -> None:
    draw(page)
    guide_step(page, 6)
    page.select_option("#guide-rate", "0.5")
    words = page.locator("#guide-descent-words")
    expect(words).to_contain_text(f"After 0 steps the mean loss is {np.log(10):.3f}")
    for button in ("One step", "Ten steps"):
        page.get_by_role("button", name=button).click()
    found = json.load(urlopen(f"{page.url.partition('#')[0]}api/digits"))["digits"]
    pixels = np.array([np.frombuffer(base64.b64decode(d["pixels"]), np.uint8) for d in found])
    labels = np.array([digit["label"] for digit in found])
    x, truth = pixels / 255, np.eye(10)[labels]
    W, b = np.zeros((784, 10)), np.zeros(10)
    for _ in range(11):
        error = (softmax(x @ W + b) - truth) / len(x)
        W, b = W - 0.5 * x.T @ error, b - 0.5 * error.sum(axis=0)
    answers = softmax(x @ W + b)
    loss = -np.log(answers[np.arange(len(x)), labels]).mean()
    right = (answers.argmax(axis=1) == labels).sum()
    expect(words).to_contain_text(
        f"After 11 steps the mean loss is {loss:.3f}, and {right} of 50 are read correctly."
    )
    shown = colours_of(page.locator(".weight-row canvas").nth(3))
    assert np.abs(shown[:, :3] - heatmap_colours(W[:, 3], np.abs(W).max())).max() <= 1


def test_the_flight_ends_where_the_normalisation_puts_each_pixel(page: Page) -> None:
    """A blob of ink flies to where its own normalised picture has its centre."""
    drawing = draw(page)
    pixels = drawing.sent.astype(np.float32) / 255
    placement = PLACEMENTS["moments"](pixels)
    centres = np.arange(28) + 0.5
    seen = NORMALIZATIONS["moments"](pixels).reshape(28, 28)
    moved = page.evaluate(
        """async ([placement, pixels]) => {
          const { normalizedPlace } = await import("/static/drawing/flight.js");
          let [sum, x, y] = [0, 0, 0];
          pixels.forEach((ink, pixel) => {
            const [u, v] = normalizedPlace(placement, pixel % 28 + 0.5, (pixel / 28 | 0) + 0.5);
            // A stretched pixel has as much more ink as it has room.
            const below = normalizedPlace(placement, pixel % 28 + 0.5, (pixel / 28 | 0) + 1);
            const right = normalizedPlace(placement, pixel % 28 + 1, (pixel / 28 | 0) + 0.5);
            const mass = ink * (right[0] - u) * (below[1] - v);
            [sum, x, y] = [sum + mass, x + mass * u, y + mass * v];
          });
          return [x / sum, y / sum];
        }""",
        [
            {
                "centre": placement.centre,
                "slant": placement.slant,
                "reach": placement.reach,
            },
            pixels.tolist(),
        ],
    )
    mass = seen.sum()
    assert moved == pytest.approx(
        [seen.sum(axis=0) @ centres / mass, seen.sum(axis=1) @ centres / mass], abs=0.15
    )


def test_the_drawing_flies_into_its_place_unless_less_motion_is_asked_for(page: Page) -> None:
    draw(page)
    flight = page.locator("main[data-flight]")
    flight.wait_for()
    expect(page.locator(".flight")).to_have_count(0)
    page.emulate_media(reduced_motion="reduce")
    expect(page.locator("#replay")).to_be_hidden()
    page.keyboard.press("r")
    wait_for_frames(page)
    assert flight.count() == 0


@pytest.mark.parametrize("way", ["pen", "view", "clear", "resize", "model"])
def test_the_flight_ends_when_the_picture_moves(page: Page, way: str) -> None:
    draw(page)
    page.click("#replay")
    page.locator(".flight").wait_for()
    if way == "pen":
        page.mouse.move(*on_screen(page, (0.2, 0.5)))
        page.mouse.down()
    elif way == "view":
        open_view(page, "softmax")
    elif way == "clear":
        page.keyboard.press("c")
    elif way == "resize":
        page.set_viewport_size({"width": 1100, "height": 700})
    else:
        page.select_option("#model", "tutorial")
    assert page.locator(".flight").count() == 0


@pytest.mark.parametrize("way", ["clear", "model", "stroke", "gallery"])
def test_edits_and_added_evidence_end_with_their_drawing(page: Page, way: str) -> None:
    draw(page)
    open_view(page, "change")
    page.mouse.click(*place_of(page, "#edit", 9, 12))
    expect(page.locator("#edit-reset")).to_be_enabled()
    if way == "clear":
        page.keyboard.press("c")
    elif way == "model":
        page.select_option("#model", "tutorial")
    elif way == "stroke":
        draw_with_mouse(page, [[(0.2, 0.8), (0.8, 0.8)]])
    else:
        choose_digit(page, "A 3 of MNIST, number 2")
    expect(page.locator("#edit-reset")).to_be_disabled()


def test_the_label_of_a_real_digit_does_not_apply_to_the_next_drawing(page: Page) -> None:
    guide_step(page, 2)
    page.locator("#guide-digits button").nth(5).click()
    assert numbers(page.locator("#guide-2 .hot"))[5] == 1
    draw(page)
    assert page.locator("#guide-2 .hot").all_inner_texts() == [""] * 10


def test_a_finger_lets_go_of_a_pixel_by_touching_something_else(page: Page) -> None:
    draw(page)
    point_at(page, "#seen", 8, 12)
    expect(page.locator("#pixel")).to_have_text(re.compile("Row 9"))
    page.locator("h2, #answer").first.dispatch_event(
        "pointerdown", {"pointerType": "touch", "bubbles": True}
    )
    expect(page.locator("#pixel")).to_have_text("")


def test_the_slider_follows_a_temperature_that_was_set_elsewhere(page: Page) -> None:
    draw(page)
    open_view(page, "softmax")
    page.locator("#temperature").fill("0.5")
    page.locator("#temperature").focus()
    page.locator("#softmax-reset").dispatch_event("click")
    expect(page.locator("#temperature")).to_have_value("0")
