#!/usr/bin/env python3
"""A coordinator knows what a job does, whatever happens to either of them."""
import hashlib
import json
import pathlib
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True

import grpc

import harness
from coordinators import COORDINATOR, Coordinator, messages
from harness import CONVOY, DONE, Run, USAGE

CANCELLED = 76
# 256 images to train on: 16 steps an epoch, each with work for two ranks.
RECIPE = [*harness.data_flags(), "--train-limit", 320, "--batch-size", 16, "--micro-batch", 8]
STEPS = 16
LONG = [*RECIPE, "--epochs", 30]
ENDLESS = [*RECIPE, "--epochs", 100000]
State = messages("convoy/v1/job").Job.State


class CoordinatorTest(harness.TrainerTest):
    def setUp(self):
        super().setUp()
        self.run_dir = Run(self.directory / "lesson")
        self.coordinator = Coordinator(self, *harness.data_flags())

    def start_training(self, *flags, ranks=2, env=None):
        return self.start("--run-dir", self.run_dir.path, "--coordinator", self.coordinator.address, *flags,
                          ranks=ranks, env=env)

    def start_convoy(self, *arguments):
        return self.start(*arguments, "--coordinator", self.coordinator.address, "--json", program=CONVOY,
                          env={"HOME": str(self.directory)})

    def ask_convoy(self, *arguments):
        outcome = self.start_convoy(*arguments).wait()
        self.assertEqual((outcome.code, outcome.err), (DONE, ""), outcome)
        return json.loads(outcome.out)

    def assert_convoy_knows(self):
        """What people ask with the command line is what the trainer found."""
        status, summary = self.ask_convoy("status", "jobs/lesson"), self.run_dir.summary()
        self.assertEqual((status["state"], status["progress_percentage"]), ("succeeded", 100))
        self.assertEqual(self.ask_convoy("history", "jobs/lesson"), self.run_dir.history())
        evaluation = self.ask_convoy("evaluate", "models/lesson")
        self.assertEqual((evaluation["accuracy"], evaluation["loss"]), (summary["test_accuracy"], summary["test_loss"]))
        self.ask_convoy("download", "models/lesson", "--output", "downloaded.convoy")
        self.assertEqual((self.directory / "downloaded.convoy").read_bytes(),
                         (self.run_dir.path / "model.convoy").read_bytes())

    def assert_story_complete(self):
        job = self.coordinator.job("jobs/lesson")
        self.assertEqual(State.Name(job.state), "SUCCEEDED")
        self.assertEqual(self.coordinator.history("jobs/lesson"), self.run_dir.history())
        summary = self.run_dir.summary()
        self.assertEqual(job.weights_sha256, summary["weights_sha256"])
        metrics = {metric.name: metric.value for metric in job.metrics}
        self.assertEqual(metrics["test_accuracy"], summary["test_accuracy"])
        self.assertEqual(job.progress_percentage, 100)
        self.assertEqual(job.step, summary["steps"])
        stored = [hashlib.sha256(path.read_bytes()).hexdigest()
                  for path in (self.coordinator.store / "models").iterdir()]
        self.assertIn(hashlib.sha256((self.run_dir.path / "model.convoy").read_bytes()).hexdigest(), stored)
        self.assertLessEqual(len(stored), 17)

    def test_killed_coordinator_has_the_whole_story_in_the_end(self):
        self.coordinator.start()
        hold = self.hold(before_step=2 * STEPS + 1)
        training = self.start_training(*LONG, env=hold.env)
        self.coordinator.await_job("jobs/lesson", lambda job: job.completed_epochs == 2)
        watching = self.start_convoy("watch", "jobs/lesson")
        watching.await_shown(b"{")
        self.coordinator.kill()
        self.assertTrue(training.is_running())
        self.coordinator.start()
        self.assertEqual(self.coordinator.job("jobs/lesson").completed_epochs, 2)
        hold.let_go()
        outcome = training.wait()
        self.assertEqual(outcome.code, DONE, outcome)
        self.assert_story_complete()
        watched = watching.wait()
        self.assertEqual(watched.code, DONE, watched)
        self.assertEqual(json.loads(watched.out.splitlines()[-1])["state"], "succeeded")
        self.assert_convoy_knows()
        job = self.coordinator.job("jobs/lesson")
        self.assertEqual((job.world_size, job.epochs, len(job.ranks)), (2, 30, 2))
        self.assertGreater(job.ranks[1].phase_seconds.forward, 0)
        self.assertEqual(job.recipe.batch_size, 16)

    def test_coordinator_may_come_late(self):
        training = self.start_training(*ENDLESS, "--checkpoint-every", 5, ranks=0)
        self.await_checkpoint(training, self.run_dir, count=2)
        self.coordinator.start()
        self.coordinator.await_job("jobs/lesson", lambda job: job.step > 20)
        training.signal(signal.SIGTERM)
        self.assertEqual(training.wait().code, harness.STOPPED)
        self.assertEqual(State.Name(self.coordinator.job("jobs/lesson").state), "STOPPED")
        self.assertEqual(self.coordinator.history("jobs/lesson"), self.run_dir.history())

    def test_finished_run_is_told_afterwards(self):
        self.train(*RECIPE, "--epochs", 3, run=self.run_dir)
        self.coordinator.start()
        outcome = self.start_training(*RECIPE, "--epochs", 3, "--resume", ranks=0).wait()
        self.assertEqual(outcome.code, DONE, outcome)
        self.assert_story_complete()

    def test_cancel_stops_the_trainer_with_a_checkpoint(self):
        self.coordinator.start()
        training = self.start_training(*ENDLESS)
        self.coordinator.await_job("jobs/lesson", lambda job: job.step > 0)
        self.coordinator.call("CancelJob", name="jobs/lesson")
        outcome = training.wait()
        self.assertEqual(outcome.code, CANCELLED, outcome)
        self.assertEqual(self.run_dir.summary()["state"], "cancelled")
        self.assertGreater(len(self.run_dir.checkpoints()), 0)
        job = self.coordinator.job("jobs/lesson")
        self.assertEqual(State.Name(job.state), "CANCELLED")
        self.assertEqual(self.coordinator.history("jobs/lesson"), self.run_dir.history())
        # It is not taken up again.
        outcome = self.start_training(*ENDLESS, "--resume", ranks=0).wait()
        self.assertEqual(outcome.code, CANCELLED, outcome)

    def test_killed_trainer_is_resumed_as_the_same_job(self):
        self.coordinator.start()
        training = self.start_training(*LONG, env=self.hold(before_step=2 * STEPS + 1).env)
        self.await_checkpoint(training, self.run_dir, count=2)
        self.coordinator.await_job("jobs/lesson", lambda job: job.completed_epochs == 2)
        ranks = training.ranks()
        training.kill_all()
        training.wait()
        while any(pathlib.Path(f"/proc/{rank}/exe").exists() for rank in ranks):
            time.sleep(harness.POLL_SECONDS)
        outcome = self.start_training(*LONG, "--resume", ranks=0).wait()
        self.assertEqual(outcome.code, DONE, outcome)
        self.assert_story_complete()
        self.assertEqual(len(self.coordinator.call("ListJobs").jobs), 1)
        self.assertEqual(self.coordinator.job("jobs/lesson").restarts, 1)

    def test_full_disk_is_said_and_the_model_comes_when_there_is_room(self):
        self.coordinator.start_on_small_disk(600 * 1024)  # the database has room, a model of 900 KB has none
        training = self.start_training(*RECIPE, "--epochs", 3)
        training.await_shown(b"make room on its disk", where="err")
        while self.run_dir.summary()["state"] != "succeeded":
            self.assertTrue(training.is_running(), "it ended without waiting for room")
            time.sleep(0.1)
        self.coordinator.make_room(20 << 20)
        outcome = training.wait()
        self.assertEqual(outcome.code, DONE, outcome)
        self.assertIn("No space left on device; make room on its disk", outcome.err)
        self.assertEqual(State.Name(self.coordinator.job("jobs/lesson").state), "SUCCEEDED")
        self.assertEqual(self.coordinator.job("jobs/lesson").model, "models/lesson")
        self.assertEqual(self.coordinator.history("jobs/lesson"), self.run_dir.history())

    def test_store_takes_no_directory_of_somebody_else(self):
        """A clone, a home, a file: refused in one line, and everything in it stays."""
        clone, a_file, linked = self.directory / "clone", self.directory / "file", self.directory / "linked"
        (clone / "models").mkdir(parents=True)
        files = [clone / "models" / name for name in ("lenet5.textproto", "thesis.h5")] + [a_file]
        for path in files:
            path.write_text("mine\n")
        linked.symlink_to(clone)
        for store, cwd, word in [(clone, None, "holds 'models'"), (".", clone, "holds 'models'"), (a_file, None, "is no directory"),
                                 (linked, None, "holds 'models'"), ("~", clone, None)]:
            where = {} if cwd is None else {"cwd": cwd}
            if store == "~":
                (clone / "~").write_text("a file of this name\n")
            outcome = subprocess.run([COORDINATOR, "--listen", "127.0.0.1:0", "--http", "", "--store", store],
                                     capture_output=True, text=True, timeout=60, check=False, **where)
            self.assertEqual(outcome.returncode, USAGE, outcome)
            self.assertEqual(len(outcome.stderr.splitlines()), 1, outcome)
            self.assertIn("--store", outcome.stderr)
            self.assertIn(word or "is no directory", outcome.stderr)
        for path in files:
            self.assertEqual(path.read_text(), "mine\n")
        self.assertEqual(sorted(path.name for path in clone.iterdir()), ["models", "~"])

    def test_second_coordinator_is_refused_in_one_line(self):
        self.coordinator.start()
        port, store = ["--listen", self.coordinator.address], ["--store", self.coordinator.store]
        elsewhere = ["--http", "127.0.0.1:0"]
        for flags, words in [([*port, "--store", self.directory / "other"], ["--listen", str(self.coordinator.port)]),
                             (["--listen", "127.0.0.1:0", *store], ["--store", "another coordinator"])]:
            outcome = self.start(*elsewhere, *flags, program=COORDINATOR).wait(timeout=20)
            self.assertEqual(outcome.code, USAGE, outcome)
            self.assertEqual(len(outcome.err.splitlines()), 1, outcome)
            for word in words:
                self.assertIn(word, outcome.err, outcome)
        stopped = self.coordinator.stop()
        self.assertEqual((stopped.code, stopped.err), (DONE, ""), stopped)

    def test_general_clients_find_the_services(self):
        self.coordinator.start()
        listed = self.coordinator.reflect(b"\x3a\x00")  # list_services
        for service in (b"convoy.v1.JobService", b"convoy.v1.ModelService", b"convoy.worker.v1.WorkerService",
                        b"inference.GRPCInferenceService", b"grpc.health.v1.Health"):
            self.assertIn(service, listed)
            described = self.coordinator.reflect(b"\x22" + bytes([len(service)]) + service)  # file_containing_symbol
            self.assertIn(service.rpartition(b".")[2], described)
            self.assertIn(b".proto", described)

    def test_unix_socket_serves_all_three_programs(self):
        self.coordinator = Coordinator(self, *harness.data_flags(), address=f"unix:{self.directory}/socket")
        self.coordinator.start()
        outcome = self.start_training(*RECIPE, "--epochs", 1, ranks=0).wait()
        self.assertEqual(outcome.code, DONE, outcome)
        self.assert_story_complete()
        self.assert_convoy_knows()

    def test_token_and_tls(self):
        certs, token = self.directory / "certs", self.directory / "token"
        subprocess.run([harness.ROOT / "deploy" / "make-certs.sh", certs, "127.0.0.1"], check=True, capture_output=True)
        token.write_text("open sesame\n")
        authority = (certs / "ca.pem").read_bytes()
        self.coordinator = Coordinator(self, "--token-file", token, "--tls-cert", certs / "server.pem",
                                       "--tls-key", certs / "server.key",
                                       credentials=grpc.ssl_channel_credentials(authority))
        self.coordinator.start()
        secrets = ["--token-file", token, "--tls-ca", certs / "ca.pem"]
        outcome = self.start_training(*RECIPE, "--epochs", 1, *secrets, ranks=0).wait()
        self.assertEqual(outcome.code, DONE, outcome)
        self.assert_story_complete()
        with self.assertRaises(grpc.RpcError) as refused:
            self.coordinator.call("DeleteJob", name="jobs/lesson")
        self.assertEqual(refused.exception.code(), grpc.StatusCode.UNAUTHENTICATED)
        self.coordinator.call("DeleteJob", name="jobs/lesson", token="open sesame")
        self.run_dir = Run(self.directory / "stranger")
        outcome = self.start_training(*RECIPE, "--epochs", 1, *secrets[2:], ranks=0).wait()
        self.assertEqual(outcome.code, DONE, outcome)
        self.assertIn("token", outcome.err)
        self.assertEqual(len(self.coordinator.call("ListJobs").jobs), 0)

    def test_mutual_tls_keeps_strangers_out(self):
        certs = self.directory / "certs"
        subprocess.run([harness.ROOT / "deploy" / "make-certs.sh", certs, "127.0.0.1"], check=True, capture_output=True)
        authority, key, client = ((certs / name).read_bytes() for name in ("ca.pem", "client.key", "client.pem"))
        self.coordinator = Coordinator(self, "--tls-cert", certs / "server.pem", "--tls-key", certs / "server.key",
                                       "--tls-client-ca", certs / "ca.pem",
                                       credentials=grpc.ssl_channel_credentials(authority, key, client))
        self.coordinator.start()
        self.assertEqual(len(self.coordinator.call("ListJobs").jobs), 0)
        for stranger in (grpc.ssl_channel_credentials(authority), None):
            with self.coordinator.connect(stranger) as channel, self.assertRaises(grpc.FutureTimeoutError):
                grpc.channel_ready_future(channel).result(timeout=1)
        mine = ["--tls-ca", certs / "ca.pem", "--tls-cert", certs / "client.pem", "--tls-key", certs / "client.key"]
        outcome = self.start_training(*RECIPE, "--epochs", 1, *mine, ranks=0).wait()
        self.assertEqual(outcome.code, DONE, outcome)
        self.assert_story_complete()


if __name__ == "__main__":
    harness.main()
