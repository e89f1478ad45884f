"""A training under `convoy run`: started, looked at from outside, and what it must not leave."""
import glob
import hashlib
import os
import pathlib
import shutil

from harness import CONVOY

# The other tests put MPI's files elsewhere; convoy run has a place of its own.
UNSET = ("OMPI_MCA_orte_tmpdir_base", "OMPI_MCA_btl_vader_backing_directory", "OMPI_MCA_osc_sm_backing_directory")


def start(test, run, *flags, np=3, options=(), env=None):
    return test.start("run", "-np", np, *options, "--", "--run-dir", run.path, *flags, program=CONVOY, env=env,
                      unset=UNSET)


def mark(run):
    """What all processes of a supervised run have in their environment (client/supervise/processes.cc)."""
    status = run.path.stat()
    return f"CONVOY_SUPERVISED={status.st_dev}:{status.st_ino}:{os.path.realpath(run.path)}"


def marked(run):
    """The processes of the run: {process id: rank, or "" for mpirun}."""
    if not run.path.exists():
        return {}
    wanted, found = mark(run), {}
    for environ in glob.glob("/proc/[0-9]*/environ"):
        try:
            variables = pathlib.Path(environ).read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if wanted in variables:
            rank = [variable.split("=")[1] for variable in variables if variable.startswith("OMPI_COMM_WORLD_RANK=")]
            found[int(environ.split("/")[2])] = rank[0] if rank else ""
    return found


def assert_nothing_left(test, run):
    """Neither processes nor MPI's files."""
    test.assertEqual(marked(run), {})
    name = hashlib.sha256(mark(run).encode()).hexdigest()[:12]
    test.assertEqual([path for parent in ("/dev/shm", "/tmp") for path in glob.glob(f"{parent}/convoy-{name}*")], [])


def remove(run):
    shutil.rmtree(run.path)
