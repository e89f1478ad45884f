#!/usr/bin/env python3
"""The user's language: which it is, that help and errors are in it, and that what programs read is not."""
import json
import re
import signal
import sys

sys.dont_write_bytecode = True

import harness
import screen
from harness import CONVOY, DONE, FAILED, Run, USAGE

RECIPE = [*harness.data_flags(), "--model", "lenet5", "--train-limit", 400, "--epochs", 1]
FRENCH = {"LANG": "fr_FR.UTF-8"}
# Lines that are the same in every language: commands to type, and names.
COMMON = re.compile(r"\s*(convoy|trainer|echo|coordinator =|--help, --version|Usage:|Options:|\S+$)")


class LanguageTest(harness.TrainerTest):
    def run_in(self, locale, *arguments, program=CONVOY):
        silent = dict.fromkeys(screen.LANGUAGE, "")
        return self.run_trainer(*arguments, program=program,
                                env={"HOME": str(self.directory), **silent, **locale})

    def test_which_language(self):
        for locale, french in [({}, False), ({"LANG": "C"}, False), ({"LANG": "C.UTF-8"}, False), (FRENCH, True),
                               ({"LANG": "fr_CA.UTF-8@euro"}, True), ({"LANG": "fr"}, True), ({"LANG": "de_DE.UTF-8"}, False),
                               ({"LC_MESSAGES": "fr_FR.UTF-8", "LANG": "en_GB.UTF-8"}, True),
                               ({"LC_ALL": "C.UTF-8", **FRENCH}, False), ({"LC_ALL": "POSIX", "LANGUAGE": "fr"}, False),
                               ({"LANGUAGE": "de:fr", "LANG": "C.UTF-8"}, True), ({"LANGUAGE": "en:fr", **FRENCH}, False)]:
            with self.subTest(locale):
                for program in (CONVOY, harness.TRAINER):
                    outcome = self.run_in(locale, "--help", program=program)
                    self.assertEqual((outcome.code, outcome.err), (DONE, ""))
                    self.assertEqual("Codes de sortie" in outcome.out, french, outcome.out)
                    self.assertEqual("Exit codes" in outcome.out, not french, outcome.out)

    def test_all_of_help_is_french(self):
        overview = self.run_in({}, "--help").out
        commands = re.findall(r"^  ([a-z]+)  +\S", overview, re.MULTILINE)
        self.assertGreater(len(commands), 15)
        helps = [(CONVOY, ["--help"]), (harness.TRAINER, ["--help"])] + [(CONVOY, ["help", name]) for name in commands
                                                                       if name not in ("trainer", "convoy")]
        for program, words in helps:
            with self.subTest(words=words):
                english = self.run_in({}, *words, program=program)
                french = self.run_in(FRENCH, *words, program=program)
                self.assertEqual((english.code, french.code), (DONE, DONE))
                self.assertTrue(english.out.isascii())
                left = set(filter(lambda line: line.strip() and not COMMON.match(line), french.out.splitlines()))
                self.assertEqual(left & set(english.out.splitlines()), set())

    def test_without_utf8_there_are_no_accents(self):
        outcome = self.run_in({"LANG": "fr_FR.ISO-8859-1"}, "--help")
        self.assertTrue(outcome.out.isascii())
        self.assertIn("entrainements", outcome.out)
        outcome = self.run_in({"LANG": "fr_FR.ISO-8859-1"}, "status", "--jso")
        self.assertTrue(outcome.err.isascii(), outcome.err)
        self.assertIn("option inconnue '--jso' ; vouliez-vous dire '--json' ?", outcome.err)

    def test_what_programs_read_is_english(self):
        run = self.train(*RECIPE, run=Run(self.directory / "runs" / "first"))
        for command in (["status", "first"], ["history", "first"], ["show", "first"], ["jobs"], ["models"],
                        ["compare", "first", run.path], ["evaluate", "first", *harness.data_flags()]):
            with self.subTest(command):
                english = self.run_in({}, *command, "--json")
                self.assertEqual(self.run_in(FRENCH, *command, "--json").out, english.out)
                self.assertEqual((english.code, bool(json.loads(english.out))), (DONE, True))
                if command[0] != "history":  # a table of numbers under the names of metrics
                    self.assertNotEqual(self.run_in(FRENCH, *command).out, self.run_in({}, *command).out)

    def test_a_run_leaves_the_same_files(self):
        texts = []
        for locale in ({}, FRENCH):
            path = self.directory / locale.get("LANG", "C")
            outcome = self.run_in(locale, *RECIPE, "--run-dir", path, program=harness.TRAINER)
            self.assertEqual(outcome.code, DONE, outcome)
            self.assertEqual("Perte de test" in outcome.out, bool(locale))
            summary = json.loads((path / "summary.json").read_text())
            texts.append((sorted(summary), summary["state"], summary["weights_sha256"],
                          re.sub(r"^\S+|[\d.]+", "", (path / "log.txt").read_text(), flags=re.MULTILINE),
                          (path / "recipe.textproto").read_text()))
        self.assertEqual(texts[0], texts[1])

    def test_a_supervised_run_is_told_in_the_users_language_and_logged_in_english(self):
        run = Run(self.directory / "diverges")
        outcome = self.run_in(FRENCH, "run", "--", *RECIPE, "--learning-rate", "1e30", "--run-dir", run.path)
        self.assertEqual(outcome.code, FAILED, outcome)
        self.assertIn("abandon : les données, la recette et la graine y mèneraient de nouveau", outcome.err)
        log = (run.path / "log.txt").read_text()
        self.assertIn("gave up: data, recipe and seed would lead there again", log)
        self.assertNotIn("abandon", log)
        self.assertNotIn("abandon", (run.path / "summary.json").read_text() + (run.path / "events.jsonl").read_text())

    def test_a_rank_that_hangs_is_named_in_the_users_language(self):
        run = Run(self.directory / "hangs")
        outcome = self.run_in({**FRENCH, "CONVOY_FAILPOINT": "before_step:3:rank-1", "CONVOY_HANG_SECONDS": "2",
                               "CONVOY_FAILPOINT_SIGNAL": str(int(signal.SIGSTOP))},
                              "run", "-np", 2, "--", *RECIPE, "--checkpoint-every", 2, "--run-dir", run.path)
        self.assertEqual(outcome.code, DONE, outcome)
        self.assertRegex(outcome.err, "note: le rang 1 sur .* manque au rendez-vous « le pas 3 » : .* ; on repart du pas 2")
        self.assertRegex((run.path / "log.txt").read_text(), "rank 1 on .* has not come to step 3: .*; starting again from step 2")
        self.assertIn("Perte de test", outcome.out)

    def test_errors(self):
        (self.directory / "empty").mkdir()
        (self.directory / "taken").mkdir()
        (self.directory / "text.png").write_text("no picture")
        (self.directory / "net.textproto").write_text("x")
        (self.directory / "brace.textproto").write_text("layers { flatten {}\nlayers { flatten {} }")
        (self.directory / "flat.textproto").write_text("input { height: 2 width: 2 } layers { dense { units: 2 activation: SOFTMAX } }")
        (self.directory / "word.textproto").write_text("input { height: two }")
        for program, words, says in [
                (CONVOY, ["statsu"], "commande inconnue 'statsu' ; vouliez-vous dire 'status' ?"),
                (CONVOY, ["status", "--jso"], "option inconnue '--jso' ; vouliez-vous dire '--json' ?"),
                (CONVOY, ["status"], "il n'y a pas encore d'entraînement dans ./runs"),
                (CONVOY, ["show", "nett.textproto"], "aucun fichier de ce nom ; vouliez-vous dire 'net.textproto' ?"),
                (CONVOY, ["status", "empty/"], "n'est pas un répertoire d'entraînement"),
                (CONVOY, ["predict"], "FILE : manque"),
                (CONVOY, ["jobs", "--limit"], "--limit : il manque sa valeur, ENTIER"),
                (CONVOY, ["jobs", "--limit", "x"], "--limit: doit être un nombre entier de 1 à 1000000, et non 'x'"),
                (CONVOY, ["figure", "curvs"], "il n'y a pas de figure 'curvs'"),
                (CONVOY, ["figure", "curves", "--output", "a.gif"], "le nom d'une figure doit finir par .png ou .svg"),
                (CONVOY, ["import", "text.png", "--output", "m.convoy"], "n'est pas un fichier HDF5"),
                (CONVOY, ["run", "--hosts", "a,a", "--"], "a est nommée deux fois"),
                (CONVOY, ["sweep", "lenet"], "vouliez-vous dire 'lenet5' ?"),
                (CONVOY, ["--config", "none", "jobs"], "--config : impossible de lire none"),
                (harness.TRAINER, ["--data", "empty"], "ne contient pas train-images-idx3-ubyte"),
                (harness.TRAINER, ["--momentum", "0.9"], "--momentum: n'est que pour l'optimiseur sgd ou rmsprop"),
                (harness.TRAINER, ["--isa", "avx3"], "jeu d'instructions inconnu 'avx3'"),
                (harness.TRAINER, ["--scale-learning-rate", "liner"], "règle inconnue 'liner' ; vouliez-vous dire 'linear' ?"),
                (harness.TRAINER, ["--initial-weights", "text.png"], "n'est ni un modèle ni un point de reprise de Convoy"),
                (harness.TRAINER, ["--model", "word.textproto"], "un nombre entier est attendu, et non two"),
                (harness.TRAINER, ["--data", "nowhere"], "impossible de lire le dossier nowhere"),
                (harness.TRAINER, ["--run-dir", "taken"], "--run-dir: taken existe déjà ; --resume le continue"),
                (harness.TRAINER, ["--resume"], "--resume: demande --run-dir"),
                (harness.TRAINER, ["--model", "lenet"], "aucun réseau ne s'appelle 'lenet' ; vouliez-vous dire 'lenet5' ?"),
                (harness.TRAINER, ["--epochs", "0"], "--epochs: doit aller de 1 à"),
                (harness.TRAINER, ["--model", "brace.textproto"], "Layer n'a pas de champ 'layers' ; manque-t-il une } plus haut ?"),
                (harness.TRAINER, ["--model", "flat.textproto"], "mettez une couche Flatten avant elle"),
                (harness.TRAINER, ["--optimizer", "adan"], "optimiseur inconnu 'adan' ; vouliez-vous dire 'adam' ?")]:
            with self.subTest(words):
                outcome = self.run_in(FRENCH, *words, program=program)
                self.assertEqual((outcome.code, len(outcome.err.splitlines())), (USAGE, 1), outcome)
                self.assertIn(says, outcome.err)
                self.assertTrue(outcome.err.startswith(f"{program.name}: error: "), outcome.err)
                english = self.run_in({}, *words, program=program)
                self.assertNotIn(says.split(":")[-1], english.err)
                self.assertTrue(english.err.isascii())


if __name__ == "__main__":
    harness.main()
