"""A coordinator, asked by gRPC (python3-grpcio): jobs, their metrics, models, evaluations and predictions."""
import os
import pathlib
import typing

from . import images as pixels
from .programs import ConvoyError

if typing.TYPE_CHECKING:
    import numpy as np
    import pandas as pd

ADDRESS = "127.0.0.1:50051"
SECONDS = {"EvaluateModel": 600, "Predict": 120}  # how long an answer may take; 10 where nothing is said
IMAGES_A_CALL = 1000
JOBS, MODELS = "convoy.v1.JobService.", "convoy.v1.ModelService."


class Coordinator:
    """A coordinator by its address: HOST:PORT, [IPV6]:PORT or unix:PATH; else $CONVOY_COORDINATOR, else this computer's.

    tls_ca: a PEM file; then TLS is spoken. token_file: a file with the token for calls that change something. Errors of
    the coordinator are a ConvoyError with its own line. An object may be used from several threads.
    """

    def __init__(self, address: str | None = None, *, tls_ca: str | os.PathLike | None = None,
                 token_file: str | os.PathLike | None = None):
        import grpc

        from .reflection import Services
        self.address = address or os.environ.get("CONVOY_COORDINATOR") or ADDRESS
        options = [("grpc.max_receive_message_length", -1)]
        if tls_ca is None:
            channel = grpc.insecure_channel(self.address, options)
        else:
            authority = grpc.ssl_channel_credentials(pathlib.Path(tls_ca).read_bytes())
            channel = grpc.secure_channel(self.address, authority, options)
        token = pathlib.Path(token_file).read_text().strip() if token_file is not None else None
        self._metadata = [("authorization", f"Bearer {token}")] if token else []
        self._channel, self._services = channel, Services(channel)

    def __repr__(self) -> str:
        return f"convoy.Coordinator({self.address!r})"

    def close(self) -> None:
        """Ends the connection."""
        self._channel.close()

    def __enter__(self) -> "Coordinator":
        return self

    def __exit__(self, *_: typing.Any) -> None:
        self.close()

    def call(self, method: str, **fields: typing.Any) -> typing.Any:
        """Calls any method of the coordinator, such as "convoy.v1.ModelService.GetFilters", with the request's fields as
        keyword arguments, and returns the answer as a message; an iterator of them where it is a stream."""
        import grpc
        try:
            function, request = self._services.method(method)
            seconds = None if method.endswith(".WatchJob") else SECONDS.get(method.rpartition(".")[2], 10)
            answer = function(request(**fields), timeout=seconds, metadata=self._metadata)
        except grpc.RpcError as error:
            raise self._said(error) from error
        return self._each(answer) if hasattr(answer, "__next__") else answer

    def jobs(self) -> "pd.DataFrame":
        """All jobs, the newest first: a row each, with state, owner, network, epochs and the newest metrics."""
        import pandas as pd
        jobs = self._pages(JOBS + "ListJobs", "jobs")
        rows = [{"state": _state(job), "owner": job.setup.owner, "network": job.setup.network, "epoch": job.completed_epochs,
                 "epochs": job.epochs, **_metrics(job)} for job in jobs]
        return pd.DataFrame(rows, index=pd.Index([_id(job.name) for job in jobs], name="job", dtype=object))

    def history(self, job: str) -> "pd.DataFrame":
        """The metrics of each finished epoch of a job; the index is the epoch, from 1."""
        import pandas as pd
        samples = self._pages(JOBS + "ListMetrics", "samples", parent=_named("jobs", job), scope="EPOCH")
        rows = [{**_metrics(sample), "images_per_second": sample.images_per_second} for sample in samples]
        return pd.DataFrame(rows, index=pd.RangeIndex(1, len(rows) + 1, name="epoch"))

    def watch(self, job: str) -> typing.Iterator[dict]:
        """A job as it is now, and again whenever it changes, until it ends."""
        for answer in self.call(JOBS + "WatchJob", name=_named("jobs", job)):
            now = answer.job
            yield {"state": _state(now), "epoch": now.epoch, "epochs": now.epochs,
                   "progress_percentage": now.progress_percentage, **_metrics(now)}

    def cancel(self, job: str) -> None:
        """Asks the trainer to stop with a checkpoint; the job is never taken up again."""
        self.call(JOBS + "CancelJob", name=_named("jobs", job))

    def models(self) -> "pd.DataFrame":
        """All models, the newest first."""
        import pandas as pd
        models = self._pages(MODELS + "ListModels", "models")
        rows = [{"network": model.network, "parameters": model.parameter_count, "final": model.final,
                 "weights_sha256": model.weights_sha256, **_metrics(model)} for model in models]
        return pd.DataFrame(rows, index=pd.Index([_id(model.name) for model in models], name="model", dtype=object))

    def evaluate(self, model: str) -> dict:
        """loss, accuracy and number of images on the coordinator's own test images."""
        answer = self.call(MODELS + "EvaluateModel", name=_named("models", model))
        return {"loss": answer.loss, "accuracy": answer.accuracy, "images": answer.image_count}

    def predict(self, model: str, pictures: typing.Any) -> "np.ndarray":
        """The probability of each class, an array (N, classes), of a numpy array of images (taken as they are), a PNG
        or JPEG file, or a list of files (prepared as training images are)."""
        import numpy as np
        contents, preparation = self._contents(pictures)
        parts = (contents[first:first + IMAGES_A_CALL] for first in range(0, len(contents), IMAGES_A_CALL))
        answers = [self.call(MODELS + "Predict", name=_named("models", model), images=part, preparation=preparation)
                   for part in parts]
        return np.array([one.probabilities for answer in answers for one in answer.predictions])

    def _contents(self, pictures: typing.Any) -> tuple[list[dict], str]:
        if isinstance(pictures, (str, os.PathLike)):
            pictures = [pictures]
        if isinstance(pictures, (list, tuple)) and all(isinstance(one, (str, os.PathLike)) for one in pictures):
            return [{"png": pathlib.Path(one).read_bytes()} for one in pictures], "AUTOMATIC"
        images = pixels.as_bytes(pictures)
        _, height, width, channels = images.shape
        return [{"raw": {"height": height, "width": width, "channels": channels, "pixels": image.tobytes()}}
                for image in images], "NONE"

    def _pages(self, method: str, field: str, **fields: typing.Any) -> list:
        found, token = [], ""
        while True:
            page = self.call(method, page_token=token, **fields)
            found += getattr(page, field)
            token = page.next_page_token
            if not token:
                return found

    def _each(self, answers: typing.Any) -> typing.Iterator:
        import grpc
        try:
            yield from answers
        except grpc.RpcError as error:
            raise self._said(error) from error
        finally:
            answers.cancel()

    def _said(self, error: typing.Any) -> ConvoyError:
        import grpc
        if error.code() == grpc.StatusCode.UNAVAILABLE:
            return ConvoyError(f"no coordinator answers at {self.address}; start one, or name another address")
        return ConvoyError(error.details())


def _metrics(message: typing.Any) -> dict[str, float]:
    return {metric.name: metric.value for metric in message.metrics}


def _state(job: typing.Any) -> str:
    values = job.DESCRIPTOR.fields_by_name["state"].enum_type.values_by_number
    return values[job.state].name.lower()


def _id(name: str) -> str:
    return name.partition("/")[2]


def _named(collection: str, name: str) -> str:
    return name if "/" in name else f"{collection}/{name}"
