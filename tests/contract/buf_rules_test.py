#!/usr/bin/env python3
"""The messages and methods by the rules of proto/buf.yaml, and against those that clients already know.

    buf_rules_test.py FOLDER     where tests/node/node_packages.py installed buf; skipped (77) without it

published.binpb beside this file is the contract as it was published last. Who adds to it renews it with a release:
    buf build proto --path proto/convoy --exclude-source-info -o tests/contract/published.binpb
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SKIPPED = 77
HERE = pathlib.Path(__file__).resolve().parent
PROTO = HERE.parents[1] / "proto"
PUBLISHED = HERE / "published.binpb"
JOB, SERVICE = "convoy/v1/job.proto", "convoy/v1/job_service.proto"
buf = pathlib.Path()


class BufRulesTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)

    def run_buf(self, folder, *arguments):
        done = subprocess.run([buf, *arguments], capture_output=True, text=True, check=False, cwd=folder,
                              env={"HOME": self.scratch, "BUF_CACHE_DIR": self.scratch})
        return done.returncode, done.stdout + done.stderr

    def changed(self, file, old, new):
        """A copy of the contract with one change."""
        copy = self.scratch / "proto"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(PROTO, copy)
        text = (copy / file).read_text()
        self.assertEqual(text.count(old), 1, old)
        (copy / file).write_text(text.replace(old, new))
        return copy

    def lint(self, folder):
        return self.run_buf(folder, "lint")

    def breaking(self, folder):
        return self.run_buf(folder, "breaking", "--path", "convoy", "--against", PUBLISHED)

    def test_the_rules_are_kept(self):
        self.assertEqual(self.lint(PROTO), (0, ""))

    def test_a_name_that_breaks_a_rule_is_found(self):
        code, said = self.lint(self.changed(SERVICE, "rpc GetJob(", "rpc get_job("))
        self.assertNotEqual(code, 0)
        self.assertIn("get_job", said)

    def test_no_client_is_broken(self):
        self.assertEqual(self.breaking(PROTO), (0, ""))

    def test_what_would_break_one_is_found(self):
        for file, old, new, word in [
                (SERVICE, "rpc GetJob(GetJobRequest)", "rpc GetJob(ListJobsRequest)", "GetJob"),
                (JOB, "string weights_sha256 = ", "bytes weights_sha256 = ", "weights_sha256"),
                (JOB, "string weights_sha256 = ", "string weights_hash = ", "weights_hash")]:
            with self.subTest(new=new):
                code, said = self.breaking(self.changed(file, old, new))
                self.assertNotEqual(code, 0)
                self.assertIn(word, said)

    def test_an_addition_breaks_nothing(self):
        added = self.changed(JOB, "message Job {", "message Job {\n  string moon_phase = 9999;")
        self.assertEqual(self.breaking(added), (0, ""))


if __name__ == "__main__":
    installed = list(pathlib.Path(sys.argv.pop()).glob("node_modules/@bufbuild/buf-*/bin/buf"))
    if not installed:
        print("skipped: buf is not installed (tests/node/node_packages.py)")
        sys.exit(SKIPPED)
    buf = installed[0]
    unittest.main(verbosity=2)
