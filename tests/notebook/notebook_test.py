#!/usr/bin/env python3
"""Looks at the teaching notebook in both languages, runs it on a few hundred images, and looks at what its cells show.

As the code of both is the same, the French one is run with the long tests: notebook_test.py InFrench.
"""
import json
import os
import pathlib
import re
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

import datasets
import executor

GUIDE = ROOT / "docs" / "guide"
NOTEBOOKS = {"en": GUIDE / "notebook.ipynb", "fr": GUIDE / "notebook.fr.ipynb"}
IMAGES = "300"  # to train on: every cell runs, and few seconds are spent
SECTIONS = 9 + 4  # with the questions
FIGURE = re.compile(r"^(run|convoy)\.(\w+_)?(figure|samples_figure|compare_figure|picture_of|predict_figure)\(")


def read(language):
    return json.loads(NOTEBOOKS[language].read_text())["cells"]


class Files(unittest.TestCase):
    def test_both_languages_have_the_same_code(self):
        english, french = (executor.code_cells(NOTEBOOKS[language]) for language in ("en", "fr"))
        self.assertEqual(english[0].replace('LANGUAGE = "en"', 'LANGUAGE = "fr"', 1), french[0])
        self.assertEqual(english[1:], french[1:])

    def test_both_languages_have_the_same_order_of_texts_and_code(self):
        self.assertEqual(*([cell["cell_type"] for cell in read(language)] for language in ("en", "fr")))

    def test_every_section_of_the_lesson_is_there(self):
        for language in NOTEBOOKS:
            text = "\n".join("".join(cell["source"]) for cell in read(language) if cell["cell_type"] == "markdown")
            self.assertEqual(SECTIONS, len(re.findall(r"^## (?:\d|Question \d)\.", text, re.MULTILINE)), language)

    def test_no_output_is_kept(self):
        for language in NOTEBOOKS:
            for cell in read(language):
                self.assertEqual(([], None), (cell.get("outputs", []), cell.get("execution_count")), language)

    def test_links_lead_to_files(self):
        for language in NOTEBOOKS:
            for cell in read(language):
                for link in re.findall(r"\]\(([^)#]+)\)", "".join(cell["source"])) if cell["cell_type"] == "markdown" else []:
                    self.assertTrue((GUIDE / link).exists(), f"{language}: {link}")


class Lesson:
    """What running the notebook in a language shares with running it in another."""

    def run_in(self, language):
        """Runs the notebook in a copy of the project's directory, so that nothing is written into the tree."""
        directory = tempfile.TemporaryDirectory(prefix="convoy-notebook.")
        self.addCleanup(directory.cleanup)
        for name in ("docs", "models", "python"):
            pathlib.Path(directory.name, name).symlink_to(ROOT / name)
        os.environ.update(CONVOY_LESSON_IMAGES=IMAGES, CONVOY_DATA=str(datasets.directory()))
        cells = executor.run_notebook(NOTEBOOKS[language], directory.name)
        self.expect_shown(cells)
        self.assertTrue(list(pathlib.Path(directory.name, "runs").glob("lesson-*/web_model/model.json")))
        return cells

    def expect_shown(self, cells):
        for cell in cells:
            last = cell.source.splitlines()[-1]
            if FIGURE.match(last):
                self.assertTrue(cell.has("image/png"), cell.source)
            elif not re.match(r"print\(|LESSON\.|\s|.*= ", last):
                self.assertTrue(cell.displayed, cell.source)
            self.assertEqual("", re.sub(r"convoy: note: .*\n", "", cell.noted), cell.source)
        self.assertGreater(sum(cell.has("image/png") for cell in cells), 10)

    def training(self, cells):
        """What the first training showed last in its cell."""
        cell = next(cell for cell in cells if "convoy.train(" in cell.source)
        return cell.displayed[-1]["text/html"]


class InEnglish(Lesson, unittest.TestCase):
    def test_lesson(self):
        shown = self.training(self.run_in("en"))
        self.assertIn("Epoch 5 of 5", shown)
        self.assertEqual(5, shown.count("<circle"))


class InFrench(Lesson, unittest.TestCase):
    def test_lesson(self):
        shown = self.training(self.run_in("fr"))
        self.assertIn("Époque 5 sur 5", shown)
        self.assertRegex(shown, r"\d+,\d\d\u00a0%")


if __name__ == "__main__":
    unittest.main(verbosity=2)
