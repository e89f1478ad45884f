"""Convoy from Python: train, look, predict, and ask a coordinator, from a script or a notebook.

    import convoy
    run = convoy.train(epochs=5)          # with a live curve in a notebook
    run.history                           # pandas
    run.model.evaluate().accuracy
    run.figure("filters")                 # shown inline
    run.model.predict(images)             # numpy in, numpy out

The module runs the programs `trainer` and `convoy` and reads what they write; it computes nothing itself. It looks for
them in $CONVOY_BIN, in the build beside it, and on the PATH. What fails is a ConvoyError. docs/python.md tells more.
"""
from .coordinator import Coordinator
from .images import load_images
from .language import set_language
from .models import Evaluation, Model, show
from .picture import Picture, picture_of
from .programs import ConvoyError, Stopped
from .runs import Run, compare, compare_figure, newest_run, runs, samples_figure
from .sweeps import Sweep, sweep
from .training import train

__all__ = ["ConvoyError", "Coordinator", "Evaluation", "Model", "Picture", "Run", "Stopped", "Sweep", "compare",
           "compare_figure", "load_images", "newest_run", "picture_of", "runs", "samples_figure", "set_language", "show",
           "sweep", "train"]
