#!/usr/bin/env python3
"""Proves that every rule of lint bites: a small good tree has no finding, each mutant of it has one."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

import lint
import tidy
import tools
from tree import Tree

HEADER = "// What a thing is.\n#pragma once\n"
GOOD_TREE = {
    "common/base/CMakeLists.txt": "convoy_library(base SOURCES status.cc)\nconvoy_tests(t SOURCES status_test.cc)\n",
    "common/base/status.h": HEADER,
    "common/base/status.cc": '#include "common/base/status.h"\n\n#include <vector>\n',
    "common/base/status_test.cc": '#include "common/base/status.h"\n#include "tests/support/ranks.h"\n',
    "common/nn/layer.h": HEADER + '#include "common/base/status.h"\n#include "common/kernels/blas/gemm.h"\n',
    "common/textproto/text_proto.h": HEADER + "#include <google/protobuf/message.h>\n",
    "common/nn/CMakeLists.txt": "convoy_library(nn SOURCES model_spec.cc)\n",
    "common/nn/model_spec.cc": '#include "convoy/v1/model.pb.h"\n#include "common/textproto/text_proto.h"\n',
    "common/kernels/CMakeLists.txt": "add_subdirectory(sub)\nconvoy_library(k SOURCES blas/gemm.cc fast/conv.cc)\n",
    "common/kernels/blas/gemm.h": HEADER,
    "common/kernels/blas/gemm.cc": "#include <cblas.h>\n",
    "common/kernels/fast/conv.cc": '#include "common/base/shape.h"\n',
    "common/nn/layer_testing.h": HEADER + '#include "common/kernels/fast/conv.h"\n',
    "common/base/shape.h": HEADER,
    "worker/step/exact.h": HEADER + '#include "convoy/v1/model.pb.h"\n#include "worker/comm/comm.h"\n',
    "worker/comm/comm.h": HEADER,
    "worker/comm/mpi_communicator.h": HEADER + "#include <mpi.h>\n",
    "tests/support/ranks.h": HEADER + "#include <mpi.h>\n",
    "deploy/run.sh": "#!/usr/bin/env bash\necho hello\n",
    "docs/architecture.md": """# Architecture

| folder | what is in it | includes |
|---|---|---|
| `common/base` | status | |
| `common/textproto` | text | |
| `common/kernels/blas` | products | |
| `common/kernels/fast` | convolutions | `common/base` |
| `common/nn` | layers | `common/base` `common/kernels/blas` `common/textproto` |
| `worker/comm` | communicators | |
| `worker/step` | a step | `worker/comm` |
""",
    # A folder of whoever reads is no machine's. In two pieces, as this file is no exception to the rule.
    "docs/page.md": "See https://arxiv.org/abs/1412.6980, http://127.0.0.1:8080 and ~/" + "work/convoy.\n",
}


class LintTest(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.root = pathlib.Path(self._folder.name)
        for path, text in GOOD_TREE.items():
            self.write(path, text)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        if text.startswith("#!"):
            file.chmod(0o755)

    def findings(self, rule):
        return [str(finding) for finding in lint.RULES[rule](Tree(self.root))]

    def expect_finding(self, rule, *parts):
        """Expects exactly one finding, with all the parts in its text."""
        found = self.findings(rule)
        self.assertEqual(len(found), 1, found)
        for part in parts:
            self.assertIn(part, found[0])

    def expect_include_finding(self, path, included):
        self.write(path, HEADER + f"#include {included}\n")
        self.expect_finding("includes", f"{path}:3", included.strip('"<>'))

    def test_good_tree_has_no_finding(self):
        for rule in lint.RULES:
            if rule not in ("format", "tidy", "tidy_sources"):
                self.assertEqual(self.findings(rule), [], rule)

    def test_include_against_the_direction(self):
        for path, included in [
            ("common/base/files.h", '"common/nn/layer.h"'),
            ("common/kernels/fast/relu.h", '"common/kernels/blas/gemm.h"'),
            ("common/textproto/text.h", '"worker/comm/comm.h"'),
            ("worker/comm/threads.h", '"worker/step/exact.h"'),
            ("worker/step/loop.h", '"coordinator/store/jobs.h"'),
            ("worker/step/loop_test.cc", '"coordinator/store/jobs.h"'),
            ("common/nn/dense.h", '"tests/support/ranks.h"'),
        ]:
            with self.subTest(path=path, included=included):
                self.expect_include_finding(path, included)
                (self.root / path).unlink()

    def test_library_that_is_reserved_for_other_files(self):
        for path, included in [
            ("common/kernels/fast/conv.h", "<cblas.h>"),
            ("worker/comm/thread_communicator.h", "<mpi.h>"),
            ("common/nn/model.h", "<google/protobuf/message.h>"),
            ("common/nn/network.h", '"common/textproto/text_proto.h"'),
            ("common/data/recipe.h", '"proto/convoy/v1/recipe.pb.h"'),
            ("common/formats/remote.h", "<grpcpp/grpcpp.h>"),
            ("worker/train/loop.h", "<grpcpp/grpcpp.h>"),
            ("common/exports/keras.h", "<hdf5.h>"),
            ("common/exports/keras.h", "<H5Fpublic.h>"),
            ("common/formats/model.h", "<onnx/onnx_pb.h>"),
        ]:
            with self.subTest(path=path, included=included):
                self.expect_include_finding(path, included)
                (self.root / path).unlink()

    def test_folder_that_is_not_in_the_table(self):
        self.write("common/elsewhere/new.h", HEADER + '#include "common/base/status.h"\n')
        self.expect_finding("includes", "common/elsewhere/new.h:3", "has no row for common/elsewhere")
        self.write("common/elsewhere/new.h", HEADER)
        self.write("common/nn/layer.h", GOOD_TREE["common/nn/layer.h"] + '#include "common/elsewhere/new.h"\n')
        self.expect_finding("includes", "common/nn/layer.h:5", "must not include")

    def write_row(self, row):
        """Adds a row to the table of folders, or replaces the folder's own."""
        table = GOOD_TREE["docs/architecture.md"].splitlines()
        kept = [line for line in table if line.split("|")[1:2] != row.split("|")[1:2]]
        self.write("docs/architecture.md", "\n".join(kept + [row]) + "\n")

    def test_edge_that_nothing_needs(self):
        self.write_row("| `common/textproto` | text | `common/base` |")
        self.expect_finding("includes", "docs/architecture.md", "does not include common/base")

    def test_row_of_a_folder_that_is_gone(self):
        self.write_row("| `common/optim` | optimizers | `common/base` |")
        self.expect_finding("includes", "docs/architecture.md", "common/optim has no sources")

    def test_folders_in_a_circle(self):
        self.write_row("| `common/base` | status | `common/kernels/fast` |")
        self.write("common/base/files.h", HEADER + '#include "common/kernels/fast/conv.h"\n')
        found = self.findings("includes")
        self.assertEqual(len([finding for finding in found if "by way of others" in finding]), 2, found)

    def test_what_people_see_is_translated(self):
        for line in ['return absl::NotFoundError("no such run");', 'log::Note("stopped");', 'return absl::InternalError(\n    absl::StrCat(a,\n ": bad"));']:
            with self.subTest(line):
                self.write("client/jobs/job.h", HEADER + line + "\n")
                self.expect_finding("spoken", "client/jobs/job.h:3", "in English alone")
        for line in ['return absl::NotFoundError(Tr("no such run"));', 'log::Note(line.shown);', 'return absl::NotFoundError(absl::StrCat(a, ": ", b));',
                     'return TextError(absl::StatusCode::kNotFound, "no such run");']:
            self.write("client/jobs/job.h", HEADER + line + "\n")
            self.assertEqual(self.findings("spoken"), [])
        self.write("client/jobs/job.h", HEADER)
        for path in ("coordinator/jobs/job.h", "client/jobs/job_test.cc"):  # a server's log is English
            self.write(path, HEADER + 'return absl::NotFoundError("no such run");\n')
            self.assertEqual(self.findings("spoken"), [])

    def test_flag_in_a_library(self):
        cite = 'const char* a = "%s";\n'
        for text in ["--data: is wrong", "leave --train-limit out", "set x; --resume goes on", "trainer: give --data"]:
            with self.subTest(text=text):
                self.write("common/nn/layer.h", HEADER + cite % text)
                self.expect_finding("flags", "common/nn/layer.h:3", "names a flag, --")
                self.write("common/nn/layer.h", HEADER)
                for edge in ("worker/main/main.cc", "client/cli/a.cc", "coordinator/main/flags.cc", "common/nn/a_test.cc"):
                    self.write(edge, cite % text)
                self.assertEqual(self.findings("flags"), [])
        for text in ["go on with trainer --resume", "see convoy export m.convoy --format onnx", " --resume",
                     "a -- b", "x--y", "train_limit: is wrong"]:
            with self.subTest(text=text):
                self.write("common/nn/layer.h", HEADER + cite % text + "// leave --data out\n")
                self.assertEqual(self.findings("flags"), [])
        self.write("common/nn/layer.h", HEADER + 'const char* a = "go on with trainer "\n    "--resume";\n')
        self.assertEqual(self.findings("flags"), [])

    def test_duration_by_the_wall_clock(self):
        for code, says in [("c.WaitWithTimeout(&m, d);", "waits"), ("if (!n.WaitForNotificationWithTimeout(d)) x();", "waits"),
                           ("m.AwaitWithDeadline(done, t);", "waits"), ("return absl::Now() - begun;", "measures"),
                           ("while (absl::Now() < end) x();", "measures"), ("d = end - absl::Now();", "measures"),
                           ("if (t >= std::chrono::system_clock::now()) x();", "measures")]:
            with self.subTest(code):
                self.write("common/nn/layer.h", HEADER + code + "\n")
                self.expect_finding("clocks", "common/nn/layer.h:3", f"{says} by the wall clock")
        for code in ["event.time = absl::Now();", "Read(absl::Now() + timeout);", "// absl::Now() - x",
                     "now = Moment::SteadyNow() - begun;", "changed_.WaitFor(&mutex_, left);"]:
            with self.subTest(code):
                self.write("common/nn/layer.h", HEADER + code + "\n")
                self.assertEqual(self.findings("clocks"), [])

    def test_call_of_what_is_for_tests(self):
        for call in ["hwy::SetSupportedTargetsForTest(1);", "queue.FlushForTesting();", "set_clock_for_test (now);"]:
            with self.subTest(call):
                self.write("common/nn/layer.h", HEADER + call + "\n")
                self.expect_finding("test_doors", "common/nn/layer.h:3", "for tests alone")
        self.write("common/nn/layer.h", HEADER + "// SetSupportedTargetsForTest() would do\nWaitForTester();\n")
        self.write("common/nn/layer_testing.h", GOOD_TREE["common/nn/layer_testing.h"] + "FlushForTesting();\n")
        self.assertEqual(self.findings("test_doors"), [])

    def test_folder_of_too_many_files(self):
        for number in range(lint.includes.MAX_FILES - 2):
            self.write(f"common/base/file{number}.h", HEADER)
            self.write(f"common/base/file{number}_test.cc", "")
        self.expect_finding("folders", "common/base", f"{lint.includes.MAX_FILES + 1} files")

    def test_include_that_is_not_from_the_root(self):
        self.expect_include_finding("common/base/check.h", '"status.h"')

    def test_file_that_is_never_built(self):
        self.write("common/base/clock_test.cc", "")
        self.expect_finding("built", "common/base/clock_test.cc")
        self.write("common/base/CMakeLists.txt", GOOD_TREE["common/base/CMakeLists.txt"] + "# clock_test.cc\n")
        self.expect_finding("built", "common/base/clock_test.cc")

    def test_long_file(self):
        self.write("common/base/long.py", "x\n" * (lint.sources.MAX_LINES + 1))
        self.expect_finding("length", "common/base/long.py", "501")
        self.write("common/base/long.py", "x\n" * lint.sources.MAX_LINES)
        self.assertEqual(self.findings("length"), [])

    def test_long_source_without_an_opening(self):
        long = '#include "common/base/status.h"\n' * (lint.sources.MAX_LINES_UNINTRODUCED + 1)
        self.write("common/base/status.cc", long)
        self.expect_finding("openings", "common/base/status.cc:1", "by which idea")
        self.write("common/base/status.cc", "// By Horner's scheme.\n" + long)
        self.assertEqual(self.findings("openings"), [])

    def test_list_of_long_files(self):
        self.write("common/base/long.py", "x\n" * (lint.sources.MAX_LINES + 1))
        self.write("tests/lint/long_files.txt", "# comment\ncommon/base/long.py a table, one line an entry\n")
        self.assertEqual(self.findings("length"), [])
        self.write("tests/lint/long_files.txt", "common/base/long.py\n")
        self.expect_finding("length", "needs a reason")
        (self.root / "common/base/long.py").unlink()
        self.write("tests/lint/long_files.txt", "common/base/long.py because\n")
        self.expect_finding("length", "is not a long file")

    def test_function_that_nobody_calls(self):
        self.write("common/base/clock.h", HEADER + "int Now();\n// Later() is not Now().\nint Later();\n")
        self.write("common/base/clock.cc", "int Now() { return 1; }\nint Later() { return Now(); }\n")
        self.write("common/base/clock_test.cc", "EXPECT_EQ(Later(), 1);\n")
        self.expect_finding("unused", "common/base/clock.h:5", "only tests use Later")
        self.write("tests/lint/unused_allowed.txt", "Later a reason\nNow another\n")
        self.expect_finding("unused", "tests/lint/unused_allowed.txt:2", "Now is used")
        self.write("tests/lint/unused_allowed.txt", "Later\n")
        self.expect_finding("unused", "common/base/clock.h:5", "only tests use Later")

    @unittest.skipUnless(shutil.which("xgettext"), "gettext is not installed")
    def test_catalogue_of_translations(self):
        self.write("po/extract.sh", "#!/usr/bin/env bash\ncd \"$(dirname \"$0\")/..\"\nxgettext --output=- "
                                    "--keyword=Tr --keyword=TrPlural:1,2 common/base/status.cc | "
                                    "sed 's/CHARSET/UTF-8/; s/INTEGER/2/; s/EXPRESSION/n!=1/'\n")
        self.write("common/base/status.cc", 'Tr("$0 of $1"); TrPlural("$0 rank", "$0 ranks", 2);\n')
        head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: nplurals=2; plural=n>1;\\n"\n'
        text = '\nmsgid "$0 of $1"\nmsgstr "%s"\n'
        ranks = '\nmsgid "$0 rank"\nmsgid_plural "$0 ranks"\nmsgstr[0] "$0 rang"\nmsgstr[1] "%s"\n'
        for catalogue, *says in [(head + text % "$1 : $0" + ranks % "$0 rangs",),
                                 (head + text % "$1 : $0", "has no translation of '$0 rank'"),
                                 (head + text % "" + ranks % "$0 rangs", "has no translation of '$0 of $1'"),
                                 (head + "\n#, fuzzy" + text % "$0 sur $1" + ranks % "$0 rangs", "no translation of"),
                                 (head + text % "$0" + ranks % "$0 rangs", "'$0' has other values than '$0 of $1'"),
                                 (head + text % "$0 sur $1" + ranks % "$1 rangs", "'$1 rangs' has other values"),
                                 (head + text % "$0 sur $1" + ranks % "$0 rangs" + '\nmsgid "x"\nmsgstr "y"\n',
                                  "translates 'x', which no program says"),
                                 (head + 'msgid "a', "msgfmt refuses it")]:
            with self.subTest(catalogue):
                self.write("po/fr.po", catalogue)
                if says:
                    self.expect_finding("translations", "po/fr.po", *says)
                else:
                    self.assertEqual(self.findings("translations"), [])

    def test_marker_of_a_merge_conflict(self):
        for marker in "<" * 7 + " HEAD", ">" * 7 + " branch":
            with self.subTest(marker=marker):
                self.write("docs/page.md", f"first\n{marker}\n")
                self.expect_finding("merged", "docs/page.md:2")

    def test_header_without_introduction_or_guard(self):
        self.write("common/base/clock.h", "#pragma once\n// A clock.\n")
        self.expect_finding("headers", "begins without a comment")
        self.write("common/base/clock.h", "// A clock.\n#include <ctime>\n#pragma once\n")
        self.expect_finding("headers", "#pragma once")
        self.write("common/base/clock.h", "// A clock.\n")
        self.expect_finding("headers", "#pragma once")

    def test_header_for_each_instruction_set(self):
        self.write("common/kernels/simd/sweep-inl.h", "// Loops.\n#if defined(X_INL_H_) == defined(HWY_TARGET_TOGGLE)\n")
        self.assertEqual(self.findings("headers"), [])
        self.write("common/kernels/simd/sweep-inl.h", HEADER)
        self.expect_finding("headers", "Highway's guard")

    def test_script_that_does_not_parse(self):
        self.write("deploy/run.sh", "#!/usr/bin/env bash\nif true; then\n")
        self.assertTrue(any("deploy/run.sh" in finding for finding in self.findings("scripts")))

    def test_script_that_cannot_be_executed(self):
        (self.root / "deploy/run.sh").chmod(0o644)
        self.expect_finding("scripts", "not executable")

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
    def test_script_that_shellcheck_refuses(self):
        self.write("deploy/run.sh", "#!/usr/bin/env bash\nrm -rf $1/x\n")
        self.expect_finding("scripts", "deploy/run.sh:2", "SC2086")

    def test_cpp_that_is_not_formatted(self):
        self.write(".clang-format", "BasedOnStyle: Google\n")
        self.write("common/base/status.cc", "int  x ;\n")
        try:
            self.assertTrue(any("common/base/status.cc:1" in finding for finding in self.findings("format")))
        except tools.Skipped as reason:
            self.skipTest(str(reason))

    def expect_tidy(self, rule, path, text, *parts):
        """Expects findings for each of the parts, where the file with the text is compiled like any other."""
        self.write(".clang-tidy", (pathlib.Path(__file__).parents[2] / ".clang-tidy").read_text(encoding="utf-8"))
        command = {"command": f"c++ -std=c++20 -I{self.root} -c a.cc", "file": str(self.root / "common/base/status.cc")}
        self.write(tidy.COMMANDS, json.dumps([command]))
        self.write(path, text)
        try:
            found = [finding for finding in self.findings(rule) if path in finding]
        except tools.Skipped as reason:
            self.skipTest(str(reason))
        for part in parts:
            self.assertTrue(any(part in finding for finding in found), (part, found))
        self.assertEqual(len(found), len(parts), found)

    def test_names_and_slips_in_headers(self):
        good = HEADER + "namespace convoy {\nclass Thing {\n public:\n  int size() const { return size_; }\n" \
            " private:\n  int size_ = 0;\n};\ninline int Twice(int value) { return 2 * value; }\n}\n"
        self.expect_tidy("tidy", "common/base/thing.h", good)
        for old, new, says in [("Thing", "thing", "class 'thing'"), ("Twice", "twice", "function 'twice'"),
                               ("value", "theValue", "parameter 'theValue'"), ("size_", "mSize", "member 'mSize'"),
                               ("convoy", "Convoy", "namespace 'Convoy'"),
                               ("return 2 * value", "const long wide = 2 * value; return wide", "implicit widening")]:
            with self.subTest(new):
                self.expect_tidy("tidy", "common/base/thing.h", good.replace(old, new), says)

    def test_names_in_sources(self):
        self.expect_tidy("tidy_sources", "common/base/status.cc", "// Opens.\nnamespace {\nconst int limit = 3;\n"
                         "int doubled() { return 2 * limit; }\n}\nint Use() { return doubled(); }\n",
                         "constant 'limit'", "function 'doubled'")

    def test_unknown_host(self):
        for text in ["https://packages.{}.net/pool", "see packages.{}.org for it", "ftp://user@{}.1.2.3:80/"]:
            with self.subTest(text=text):
                self.write("docs/page.md", "first\n" + text.format("3") + "\n")
                self.expect_finding("names", "docs/page.md:2", "unknown host")

    def test_path_of_one_machine(self):
        for folder in ["work", "home", "root"]:
            with self.subTest(folder=folder):
                self.write("docs/page.md", f"cd /{folder}/anna/convoy\n")
                self.expect_finding("names", "docs/page.md:1", "path of one machine")

    def test_command_line(self):
        program = [sys.executable, str(pathlib.Path(lint.__file__)), "--root", str(self.root)]
        self.assertEqual(subprocess.run([*program, "includes"], capture_output=True, check=False).returncode, 0)
        self.write("common/base/status.cc", "#include <mpi.h>\n")
        broken = subprocess.run([*program, "includes"], capture_output=True, text=True, check=False)
        self.assertEqual(broken.returncode, 1)
        self.assertIn("common/base/status.cc:1: ", broken.stdout)
        self.assertEqual(subprocess.run([*program, "nonsense"], capture_output=True, check=False).returncode, 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)  # names what it skips
