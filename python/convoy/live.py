"""What is seen of a training while it is under way: a curve in a notebook, lines elsewhere.

The curve is drawn from the files that the trainer keeps up to date: steps.csv and history.json, which are read anew each
time; nothing of the training waits for it.
"""
import csv
import html
import json
import pathlib
import sys
import typing

from .language import language

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 560, 200, 48, 22, 10  # of the curve, in CSS pixels
POINTS = 300  # of the curve of the training: more than its pixels tell apart would only cost bytes
BLUE, ORANGE = "#1f77b4", "#e67700"
TEXTS = {"en": {"epoch": "Epoch {} of {}", "waiting": "Reading the images ...", "train": "training",
                "val": "validation", "accuracy": "accuracy", "speed": "{:,.0f} images/s"},
         "fr": {"epoch": "Époque {} sur {}", "waiting": "Lecture des images...", "train": "entraînement",
                "val": "validation", "accuracy": "précision", "speed": "{:,.0f} images/s"}}


def view_of(directory: pathlib.Path, out: typing.BinaryIO) -> "NotebookView | LineView":
    """The view that suits where Python runs. `out` is what the trainer writes its lines to."""
    return NotebookView(directory) if _in_notebook() else LineView(out)


def _in_notebook() -> bool:
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython
    shell = get_ipython()
    return shell is not None and type(shell).__name__ != "TerminalInteractiveShell"


class NoView:
    """Shows nothing."""

    def update(self) -> None:
        """Nothing to do."""

    finish = update


class LineView:
    """Passes on the trainer's own lines."""

    def __init__(self, out: typing.BinaryIO):
        self._out, self._shown = out, 0

    def update(self) -> None:
        """Prints what has come since the last call."""
        self._out.seek(0, 2)
        end = self._out.tell()
        if end == self._shown:
            return
        self._out.seek(self._shown)
        text = self._out.read(end - self._shown)
        whole = text[:text.rfind(b"\n") + 1]
        self._shown += len(whole)
        sys.stdout.write(whole.decode(errors="replace"))
        sys.stdout.flush()

    finish = update


class NotebookView:
    """A curve in the cell that is replaced as the training goes on."""

    def __init__(self, directory: pathlib.Path):
        from IPython.display import HTML, display
        self._directory, self._html, self._shown = directory, HTML, ""
        self._handle = display(HTML(_waiting()), display_id=True)

    def update(self) -> None:
        """Draws the curve anew if there is anything new."""
        drawn = _drawn(self._directory)
        if drawn != self._shown:
            self._shown = drawn
            self._handle.update(self._html(drawn))

    finish = update


def _waiting() -> str:
    return f"<p>{TEXTS[language()]['waiting']}</p>"


def _drawn(directory: pathlib.Path) -> str:
    """The training as HTML: a line of numbers, and the curves of accuracy below it."""
    summary, steps, history = _read_json(directory / "summary.json"), _read_steps(directory), _read_json(
        directory / "history.json")
    if not summary or not steps:
        return _waiting()
    a_epoch = -(-summary["train_images"] // summary["batch_size"])
    validation = [(a_epoch * (number + 1), value) for number, value in enumerate((history or {}).get("val_accuracy", []))]
    return (f"<div><p>{_line(summary, steps[-1], validation)}</p>"
            f"{_curves([(row['step'], row['accuracy']) for row in steps], validation, a_epoch * summary['epochs'])}</div>")


def _line(summary: dict, now: dict, validation: list) -> str:
    texts = TEXTS[language()]
    parts = [texts["epoch"].format(int(now["epoch"]) + 1, summary["epochs"]),
             f"{texts['accuracy']} ({texts['train']}) {_percent(now['accuracy'])}"]
    parts += [f"{texts['accuracy']} ({texts['val']}) {_percent(validation[-1][1])}"] if validation else []
    parts += [_number(texts["speed"].format(now["images_per_second"]))]
    return html.escape(" · ".join(parts))


def _percent(value: float) -> str:
    text = f"{100 * value:.2f}"
    return text.replace(".", ",") + "\u00a0%" if language() == "fr" else text + "%"


def _number(text: str) -> str:
    return text.replace(",", "\u202f") if language() == "fr" else text


def _curves(training: list, validation: list, last_step: int) -> str:
    """An SVG: a line for the training, points for the validation; colours that suit light and dark pages."""
    lowest = min(value for _, value in training + validation)
    lowest = min(0.9, int(lowest * 10) / 10)

    def place(point: tuple) -> tuple[float, float]:
        step, value = point
        return (LEFT + (WIDTH - LEFT - 10) * step / last_step,
                TOP + (HEIGHT - TOP - BOTTOM) * (1 - value) / (1 - lowest))

    line = " ".join("%.1f,%.1f" % place(point) for point in training[::-(-len(training) // POINTS)])
    dots = "".join('<circle cx="%.1f" cy="%.1f" r="4" fill="%s"/>' % (*place(point), ORANGE) for point in validation)
    texts = TEXTS[language()]
    return (f'<svg role="img" aria-label="{texts["accuracy"]}" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
            f'style="max-width:100%" font-family="sans-serif" font-size="12" fill="currentColor">'
            f"{_axis(1, place((0, 1))[1])}{_axis(lowest, place((0, lowest))[1])}"
            f'<polyline points="{line}" fill="none" stroke="{BLUE}" stroke-width="2"/>{dots}'
            f'<text x="{LEFT}" y="{HEIGHT - 5}" style="fill:{BLUE}">— {texts["train"]}</text>'
            f'<text x="{LEFT + 120}" y="{HEIGHT - 5}" style="fill:{ORANGE}">● {texts["val"]}</text></svg>')


def _axis(value: float, y: float) -> str:
    label = f"{100 * value:.0f}" + ("\u00a0%" if language() == "fr" else "%")
    return (f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
            f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="currentColor" stroke-opacity="0.3"/>')


def _read_json(path: pathlib.Path) -> dict | None:
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:  # the trainer makes it when it has read the images
        return None


def _read_steps(directory: pathlib.Path) -> list[dict]:
    try:
        with open(directory / "steps.csv", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["images_per_second"]]  # whole ones: it may be growing
    except FileNotFoundError:
        return []
    return [{name: float(value) for name, value in row.items()} for row in rows]
