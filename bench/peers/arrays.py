"""A library of Python, as the first argument says, in one thread. time.mjs describes what is read and written.

Into an existing array where the library can do that. Fails if the library used more than one thread.
"""

import json
import sys
import time

import numpy as np


def torch_softplus():
    import torch

    torch.set_num_threads(1)
    lines = [line for line in torch.__config__.show().split("\n") if "capability usage" in line]
    capability = lines[0].split(":")[1].strip() if lines else "unknown"

    def open_task(x):
        source = torch.from_numpy(x)
        out = torch.empty_like(source)
        return lambda: torch._C._nn.softplus(source, out=out), out.numpy

    return f"PyTorch {torch.__version__}, CPU capability {capability}, softplus(x, out=y)", open_task


def numpy_logaddexp():
    def open_task(x):
        out = np.empty_like(x)
        return lambda: np.logaddexp(np.float32(0), x, out=out), lambda: out

    return f"NumPy {np.__version__}, logaddexp(0, x, out=y)", open_task


def numpy_log1p():
    # e^x overflows above 88.7, which is what this recipe is known for.
    np.seterr(over="ignore")

    def open_task(x):
        out = np.empty_like(x)
        return lambda: np.log1p(np.exp(x, out=out), out=out), lambda: out

    return f"NumPy {np.__version__}, log1p(exp(x, out=y), out=y)", open_task


def tensorflow_softplus():
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)

    def open_task(x):
        source = tf.constant(x)
        results = [None]

        def run():
            results[0] = tf.nn.softplus(source)

        return run, lambda: results[0].numpy()

    return f"TensorFlow {tf.__version__}, tf.nn.softplus(x) of a tensor", open_task


def jax_softplus():
    import jax

    # Else another thread computes, and the waiting one takes up to 0.4 of a processor besides.
    jax.config.update("jax_cpu_enable_async_dispatch", False)
    softplus = jax.jit(jax.nn.softplus)

    def open_task(x):
        source = jax.numpy.asarray(x)
        results = [None]

        def run():
            results[0] = softplus(source).block_until_ready()

        return run, lambda: np.asarray(results[0])

    return f"JAX {jax.__version__}, jax.jit(jax.nn.softplus)(x)", open_task


def openvino_softplus():
    # Else it sends statistics of its use.
    sys.modules["openvino_telemetry"] = None
    import openvino as ov
    from openvino import opset14 as opset

    # Where the processor has bfloat16, that is the default.
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    models = {}

    def open_task(x):
        if x.shape not in models:
            node = opset.parameter(list(x.shape), np.float32)
            models[x.shape] = ov.compile_model(ov.Model([opset.softplus(node)], [node]), "CPU", settings)
        request = models[x.shape].create_infer_request()
        source = ov.Tensor(x, shared_memory=True)
        request.set_input_tensor(source)

        # The request does not keep the tensor's memory.
        def run(_=(x, source)):
            request.infer()

        return run, lambda: request.get_output_tensor().data

    return f"OpenVINO {ov.__version__}, infer() of a compiled model of one SoftPlus node, f32", open_task


def once(tasks):
    started = time.perf_counter_ns()
    for run, _ in tasks:
        run()
    return (time.perf_counter_ns() - started) / len(tasks)


libraries = {
    "torch": torch_softplus,
    "logaddexp": numpy_logaddexp,
    "log1p": numpy_log1p,
    "tensorflow": tensorflow_softplus,
    "jax": jax_softplus,
    "openvino": openvino_softplus,
}
about, open_task = libraries[sys.argv[1]]()
for line in sys.stdin:
    file, copies, out = line.rstrip("\n").split("\t")
    tasks = [open_task(np.fromfile(file, dtype="<f4")) for _ in range(int(copies))]
    # As in time.mjs: a processor that was idle takes milliseconds until it is as fast as it can be.
    warm = time.perf_counter() + 0.05
    once(tasks)
    while time.perf_counter() < warm:
        once(tasks)
    began, used = time.perf_counter(), time.process_time()
    ns = [once(tasks) for _ in range(5)]
    elapsed, used = time.perf_counter() - began, time.process_time() - used
    if elapsed > 0.01 and used > 1.3 * elapsed:
        sys.exit(f"RuntimeError: one thread must compute; got {used / elapsed:.1f} processors' time")
    tasks[0][1]().astype("<f4", copy=False).tofile(out)
    del tasks
    print(json.dumps({"about": about, "ns": ns}), flush=True)
