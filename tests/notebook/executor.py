"""Runs the code cells of a notebook in IPython's own shell, in this process, and keeps what they show.

A kernel and its client would need twice the packages on every machine that builds Convoy; what the cells display passes
through the same shell and is captured in the same form (mime bundles).
"""
import dataclasses
import json
import os
import pathlib
import traceback


@dataclasses.dataclass
class Cell:
    """A code cell that was run: what it displayed, each a dictionary by mime type, and what it printed."""
    source: str
    displayed: list
    printed: str
    noted: str  # on standard error

    def has(self, mime):
        """Whether something of this type was displayed."""
        return any(mime in bundle for bundle in self.displayed)


def code_cells(path):
    """The sources of the notebook's code cells."""
    cells = json.loads(pathlib.Path(path).read_text())["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def run_notebook(path, directory):
    """Runs the notebook's cells in `directory` and returns them; AssertionError tells of one that fails."""
    before = os.getcwd()
    os.environ["IPYTHONDIR"] = str(pathlib.Path(directory) / ".ipython")
    from IPython.core.history import HistoryManager
    from IPython.core.interactiveshell import InteractiveShell
    HistoryManager.enabled = False
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    os.chdir(directory)
    try:
        return [_run_cell(shell, source) for source in code_cells(path)]
    finally:
        os.chdir(before)


def _run_cell(shell, source):
    from IPython.utils.capture import capture_output
    with capture_output() as captured:
        result = shell.run_cell(source)
    error = result.error_before_exec or result.error_in_exec
    if error is not None:
        raise AssertionError(f"{source}\n\n{''.join(traceback.format_exception(error))}\n{captured.stderr}")
    displayed = [output.data for output in captured.outputs]
    if result.result is not None:
        displayed.append(shell.display_formatter.format(result.result)[0])
    return Cell(source, displayed, captured.stdout, captured.stderr)
