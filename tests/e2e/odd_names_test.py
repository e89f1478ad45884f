#!/usr/bin/env python3
"""Names of any bytes: of runs, networks, files, jobs. None moves a cursor, forges a line, or ends a program, wherever it
turns up, and a disk that is full under a result is an error."""
import json
import os
import pathlib
import shutil
import sys

sys.dont_write_bytecode = True

import harness
from coordinators import COORDINATOR, Coordinator
from harness import CONVOY, DONE, FAILED, Run, USAGE

EVIL = b"\x1b]0;owned\x07\x1b[2J\xff\n\xe2\x80\xae"
LONG = "a" * 60000


class OddNamesTest(harness.TrainerTest):
    def shown(self, *arguments):
        """What a command writes to standard output, which must be UTF-8."""
        file = self.directory / "shown"
        outcome = self.run_trainer("-c", 'exec "$0" "$@" > "$SHOWN"', CONVOY, *arguments, program="sh",
                                   env={"SHOWN": str(file)})
        self.assertEqual(outcome.code, DONE, outcome)
        return file.read_bytes().decode()

    def assert_plain(self, text):
        """Whole lines of characters that a terminal shows, none of them forged by a name."""
        self.assertNotIn("\n\\u202e", text)
        for character in text:
            self.assertTrue(character == "\n" or character.isprintable() or character == " ", repr(text))
        self.assertNotIn("libprotobuf", text)

    def assert_one_line(self, outcome, *words):
        self.assertEqual((outcome.out, len(outcome.err.splitlines())), ("", 1), outcome)
        self.assert_plain(outcome.err)
        self.assertLess(len(outcome.err), 1100)
        for word in words:
            self.assertIn(word, outcome.err)

    def evil_run(self):
        """A run of one epoch whose directory has an evil name."""
        self.train(*harness.data_flags(), "--train-limit", 320, "--epochs", 1, run=Run(self.directory / "plain"))
        folder = pathlib.Path(os.fsdecode(os.fsencode(self.directory) + b"/runs-" + EVIL))
        folder.mkdir()
        shutil.copytree(self.directory / "plain", folder / os.fsdecode(EVIL))
        return folder / os.fsdecode(EVIL)

    def test_a_network_with_accents_trains_and_is_exported(self):
        network = self.directory / "été.textproto"
        network.write_text("""name: "réseau d'été" input { height: 28 width: 28 } layers { name: "à plat 平" flatten {} }
            layers { name: "entrée" dense { units: 8 activation: RELU } } layers { name: "entree" dense { units: 10 activation: SOFTMAX } }""")
        data = harness.data_flags()
        run = self.train(*data, "--train-limit", 320, "--epochs", 1, "--model", network, "--checkpoint-every", 1)
        for output in ("m.h5", "m.keras", "tfjs", "m.onnx"):
            with self.subTest(output):
                form = [] if output[0] == "m" else ["--format", "tfjs"]
                outcome = self.convoy("export", run.path, "--output", self.directory / output, "--verify", *form, *data)
                self.assertEqual("Keras takes no such name as 'entrée'; it is called entree_1 there" in outcome.err, output != "m.onnx", outcome)
        # A name that no checkpoint could hold is refused before anything is trained.
        network.write_text(network.read_text().replace("entrée", "é" * 150))
        outcome = self.run_trainer(*data, "--train-limit", 320, "--model", network, "--run-dir", self.directory / "long")
        self.assert_refused(outcome, USAGE, "a name must be 1 to 255 bytes")
        self.assertFalse((self.directory / "long").exists())

    def test_no_command_shows_a_name_raw(self):
        run = self.evil_run()
        commands = [["jobs", run.parent], ["models", run.parent], ["compare", run, self.directory / "plain"],
                    *[[command, run] for command in ("status", "history", "show", "watch")],
                    ["export", run, "--format", "keras", "--output", os.fsdecode(os.fsencode(run) + b".h5")],
                    ["evaluate", run, *harness.data_flags()]]
        for command in commands:
            with self.subTest(command[0]):
                self.assert_plain(self.shown(*command))
        for command in (["status", run, "--json"], ["jobs", run.parent, "--json"]):
            json.loads(self.shown(*command))

    def test_a_coordinator_is_not_asked_for_what_cannot_be_a_name(self):
        coordinator = Coordinator(self).start()
        where = ["--coordinator", coordinator.address]
        for name in (os.fsdecode(EVIL), os.fsdecode(b"jobs/\xff"), "jobs/\x1b[2J", LONG, ""):
            for command in ("status", "cancel", "history"):
                if not name and command != "cancel":
                    continue
                with self.subTest(command, name=name[:20]):
                    self.assert_one_line(self.convoy(command, name, *where, expect=USAGE))
        log = coordinator.stop().out
        self.assert_plain(log)

    def test_names_in_descriptions_are_text(self):
        network = self.directory / "network.textproto"
        layers = 'input { height: 28 width: 28 channels: 1 } layers { flatten {} } layers { dense { units: 10 } }\n'
        cases = {r'name: "x\377"': "name:", r'name: "x\033[2J"': "name:", r'layers { name: "a\nb" flatten {} }': "name:",
                 f"{LONG}: 1": "no field", f"layers {{ {LONG} {{}} }}": "no field",
                 f"layers {{ dense {{ units: 1 activation: {LONG} }} }}": "unknown activation"}
        for text, words in cases.items():
            network.write_text(text + "\n" + layers)
            for program, *command in ((harness.TRAINER, "--data", "generated", "--model", network),
                                      (harness.TRAINER, "--data", "generated", "--recipe", network),
                                      (CONVOY, "show", network)):
                with self.subTest(text[:30], program=program.name, flag=command[-2]):
                    outcome = self.run_trainer(*command, program=program)
                    self.assertEqual(outcome.code, USAGE, outcome)
                    self.assert_one_line(outcome, "network.textproto", *([words] if "--model" in command else []))

    def test_an_error_in_a_run_of_such_a_name_is_told(self):
        run = self.directory / os.fsdecode(b"run-\xff")
        outcome = self.run_trainer("-c", 'ulimit -f 100; exec "$0" "$@"', harness.TRAINER, *harness.data_flags(),
                                   "--train-limit", 320, "--epochs", 1, "--verbose", 0, "--run-dir", run, program="sh")
        self.assertEqual(outcome.code, FAILED, outcome)
        self.assert_one_line(outcome, "run-\\xff")
        self.assertEqual(Run(run).summary()["state"], "failed")

    def test_a_full_disk_under_a_result_is_an_error(self):
        self.train(*harness.data_flags(), "--train-limit", 320, "--epochs", 1, run=Run(self.directory / "plain"))
        for program, *arguments in ((CONVOY, "status", self.directory / "plain"), (CONVOY, "history", self.directory / "plain", "--json"),
                                    (CONVOY, "--help"), (harness.TRAINER, "--help"), (COORDINATOR, "--version")):
            with self.subTest(program.name, argument=arguments[0]):
                outcome = self.run_trainer("-c", 'exec "$0" "$@" > /dev/full', program, *arguments, program="sh")
                self.assertEqual(outcome.code, FAILED, outcome)
                self.assert_one_line(outcome, "cannot write")


if __name__ == "__main__":
    harness.main()
