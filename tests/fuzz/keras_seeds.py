#!/usr/bin/env python3
"""Makes the files that keras_h5_fuzz and keras_config_fuzz begin with.

    keras_seeds.py DIRECTORY    writes DIRECTORY/h5/* and DIRECTORY/config/*
"""
import json
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).parents[1] / "exports"))

import h5py

import keras_files

out = pathlib.Path(sys.argv[1])
for folder in ("h5", "config"):
    (out / folder).mkdir(parents=True, exist_ok=True)
for write in keras_files.GOOD:
    path = out / "h5" / f"{write.__name__}.h5"
    write(path, keras_files.weights())
    with h5py.File(path, "r") as file:
        for name in ("model_config", "training_config"):
            text = file.attrs[name]
            config = json.loads(text)
            (out / "config" / f"{write.__name__}.{name}.json").write_text(json.dumps(config, separators=(",", ":")))
