"""PyTorch or NumPy, as the first argument says, in one thread, into an existing array. time.mjs describes the arguments."""

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
        return lambda: torch._C._nn.softplus(source, out=out), out.numpy()

    return f"PyTorch {torch.__version__}, CPU capability {capability}, softplus(x, out=y)", open_task


def numpy_softplus():
    def open_task(x):
        out = np.empty_like(x)
        return lambda: np.logaddexp(np.float32(0), x, out=out), out

    return f"NumPy {np.__version__}, logaddexp(0, x, out=y)", open_task


def once(tasks):
    started = time.perf_counter_ns()
    for run, _ in tasks:
        run()
    return (time.perf_counter_ns() - started) / len(tasks)


name, *args = sys.argv[1:]
about, open_task = {"torch": torch_softplus, "numpy": numpy_softplus}[name]()
ns = []
for file, copies, out in zip(args[::3], args[1::3], args[2::3]):
    tasks = [open_task(np.fromfile(file, dtype="<f4")) for _ in range(int(copies))]
    once(tasks)
    ns.append([once(tasks) for _ in range(5)])
    tasks[0][1].tofile(out)
print(json.dumps({"about": about, "ns": ns}))
