#!/usr/bin/env python3
"""unexpected_skips.py on results that a real ctest wrote."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).parent
CHECK = HERE / "unexpected_skips.py"
UNITTEST = """import unittest
class SomeTest(unittest.TestCase):
    def test_passes(self): pass
    def test_skips(self): self.skipTest("no time")
    def test_skips_and_says_what_it_is(self):
        '''A line of documentation.'''
        self.skipTest("no time")
unittest.main(verbosity={verbosity})
"""
GTEST = "[ RUN      ] SumTest.Adds\\n[  SKIPPED ] SumTest.Adds (0 ms)\\n[  SKIPPED ] 1 test, listed below:\\n"


class UnexpectedSkipsTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.tests = []

    def add(self, name, *command):
        words = " ".join(f"[==[{word}]==]" for word in command)
        self.tests += [f"add_test({name} {words})", f"set_tests_properties({name} PROPERTIES SKIP_RETURN_CODE 77)"]

    def add_unittest(self, name, verbosity):
        script = self.directory / f"{name}.py"
        script.write_text(UNITTEST.format(verbosity=verbosity))
        self.add(name, sys.executable, script)

    def complaints(self, *permitted, **environment):
        """Runs the tests and the check; returns its lines."""
        (self.directory / "CTestTestfile.cmake").write_text("\n".join(self.tests))
        results, rows = self.directory / "results.xml", self.directory / "list.txt"
        rows.write_text("# TEST | WHERE | WHY\n" + "\n".join(permitted))
        subprocess.run(["ctest", "--output-junit", results, "--test-output-size-passed", "1000000"],
                       cwd=self.directory, capture_output=True, check=True)
        done = subprocess.run([CHECK, results, rows], capture_output=True, text=True, check=False,
                              env={**os.environ, **environment})
        self.assertEqual(done.returncode, 1 if done.stderr else 0, done.stderr)
        return done.stderr.splitlines()

    def assert_one(self, complaints, *words):
        self.assertEqual(len(complaints), 1, complaints)
        for word in words:
            self.assertIn(word, complaints[0])

    def test_nothing_skipped(self):
        self.add("passes", "sh", "-c", "echo nothing was skipped")
        self.assertEqual(self.complaints(), [])

    def test_a_skip_that_nobody_permits(self):
        self.add("skips", "sh", "-c", "echo skipped: no such program; exit 77")
        self.assert_one(self.complaints("other | no variable NONE_SUCH | why"), "skips:", "no such program", "permit")

    def test_a_skip_where_it_may_be(self):
        self.add("skips", "sh", "-c", "exit 77")
        self.assertEqual(self.complaints("sk* | no program sh, no program none-such | why"), [])

    def test_a_skip_where_nothing_stands_in_its_way(self):
        self.add("skips", "sh", "-c", "exit 77")
        row = "skips | no variable CONVOY_SOME, no program sh, no module json | why"
        self.assert_one(self.complaints(row, CONVOY_SOME="here"), "no variable CONVOY_SOME", "no program sh")

    def test_skips_inside_a_python_test(self):
        self.add_unittest("python", verbosity=2)
        lines = self.complaints()
        self.assertEqual(len(lines), 2, lines)
        self.assertIn("python/test_skips:", lines[0])
        self.assertIn("python/test_skips_and_says_what_it_is:", lines[1])
        self.assertEqual(self.complaints("python/test_* | no program none-such | why"), [])

    def test_skips_that_a_python_test_does_not_name(self):
        self.add_unittest("python", verbosity=1)
        self.assert_one(self.complaints("python/test_* | no program none-such | why"), "python/?:", "verbosity=2")

    def test_skips_inside_a_googletest_program(self):
        self.add("mpi.np2", "printf", GTEST)
        self.assert_one(self.complaints(), "mpi.np2/SumTest.Adds:")

    def test_a_list_that_is_wrong(self):
        self.add("skips", "sh", "-c", "exit 77")
        self.assert_one(self.complaints("skips | no variable CONVOY_SOME"), "list.txt:2", "TEST | WHERE | WHY")
        self.assert_one(self.complaints("skips | no luck today | why"), "unknown condition 'no luck today'")

    def test_the_conditions_of_the_real_list_are_known(self):
        sys.path.insert(0, str(HERE))
        import unexpected_skips  # noqa: PLC0415
        conditions = {c for row in unexpected_skips.permissions(unexpected_skips.LIST) for c in row.conditions}
        for condition in conditions - {"no npm registry"}:  # which would need the network
            self.assertIn(unexpected_skips.holds(condition), (True, False))


if __name__ == "__main__":
    unittest.main()
