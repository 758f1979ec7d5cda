"""What the two programs of https://www.geeksforgeeks.org/python-tensorflow-nn-softplus/ compute, as JSON."""

import json

import numpy as np
import tensorflow as tf

# The second one plots its results. Its numbers are float64.
inputs = [
    tf.constant([1.0, -0.5, 3.4, -2.1, 0.0, -6.5], dtype=tf.float32),
    tf.constant(np.linspace(-5, 5, 15)),
]
programs = [{"x": x.numpy().tolist(), "y": tf.nn.softplus(x).numpy().tolist()} for x in inputs]
print(json.dumps({"who": f"TensorFlow {tf.__version__}", "programs": programs}))
