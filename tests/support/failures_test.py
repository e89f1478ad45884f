#!/usr/bin/env python3
"""failures.py on results that a real ctest wrote."""
import pathlib
import subprocess
import tempfile
import unittest

PROGRAM = pathlib.Path(__file__).with_name("failures.py")
NOISE = "for i in $(seq 500); do echo line $i; done"


class FailuresTest(unittest.TestCase):
    def said_of(self, **tests):
        """Runs the shell scripts as tests of ctest; returns what is repeated of them."""
        with tempfile.TemporaryDirectory() as directory:
            lines = [f"add_test({name} [==[sh]==] [==[-c]==] [==[{script}]==])" for name, script in tests.items()]
            pathlib.Path(directory, "CTestTestfile.cmake").write_text("\n".join(lines))
            results = pathlib.Path(directory, "results.xml")
            subprocess.run(["ctest", "--output-junit", results], cwd=directory, capture_output=True, check=False)
            return subprocess.run([PROGRAM, results], capture_output=True, text=True, check=True).stdout

    def test_nothing_failed(self):
        self.assertEqual(self.said_of(passes="echo error: that was expected"), "")

    def test_a_complaint_in_the_middle_is_found(self):
        said = self.said_of(passes="echo quiet",
                            fails=f"{NOISE}; echo sum_test.cc:7: Failure; echo Expected: 3; {NOISE}; exit 1")
        self.assertIn("--- fails failed:", said)
        self.assertIn("sum_test.cc:7: Failure\nExpected: 3", said)
        self.assertTrue(said.endswith("line 500\n"), said)
        self.assertLess(len(said.splitlines()), 50)
        self.assertNotIn("quiet", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
