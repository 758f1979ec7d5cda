# Writes the files of the corpus that libraries other than apache-arrow for JavaScript write.
#
#   pip install numpy pyarrow==26.0.1 polars==2.1.0 arro3-core==0.9.1 arro3-io==0.9.1
#   python test/fuzz/arrow-files.py
#
# The columns that can be activated are x, s.x and l, in batches of 3, 0 and 5 rows. Their values occur nowhere else: the i-th
# is column + 0.1 + i / 97, rounded to float32, where column is 1, 2 or 3. A row of l has two of them.

import datetime
import decimal
from pathlib import Path

import polars
import pyarrow as pa
from arro3.io import write_ipc
from pyarrow import feather, ipc

folder = Path(__file__).parent / "corpus"
batches = [range(0, 3), range(3, 3), range(3, 8)]
all_rows = range(8)


def floats(column, places):
    return pa.array([column + 0.1 + i / 97 for i in places], pa.float32())


def doubled(rows):
    return range(2 * rows.start, 2 * rows.stop)


def ends(rows, step, type):
    return pa.array(range(0, step * len(rows) + 1, step), type)


def some(values, type=None):
    return pa.array([None if i % 3 == 1 else v for i, v in enumerate(values)], type)


def words(rows):
    every = ["", "a", "bc", "def", "a string longer than twelve bytes", "ghi", "j", "klm"]
    return [every[i] for i in rows]


day = datetime.date(2024, 2, 29)
noon = datetime.datetime(2024, 2, 29, 12)

small = {
    "n": lambda rows: pa.array(rows, pa.int64()),
    "x": lambda rows: floats(1, rows),
}
nested = {
    "s": lambda rows: pa.StructArray.from_arrays(
        [some(words(rows), pa.utf8()), floats(2, rows)], ["t", "x"]
    ),
    "l": lambda rows: pa.ListArray.from_arrays(ends(rows, 2, pa.int32()), floats(3, doubled(rows))),
}
unions = {
    "dense": lambda rows: pa.UnionArray.from_dense(
        pa.array([i % 2 for i in rows], pa.int8()),
        pa.array([0 for _ in rows], pa.int32()),
        [pa.array([7]), pa.array(["seven"])],
    ),
    "sparse": lambda rows: pa.UnionArray.from_sparse(
        pa.array([i % 2 for i in rows], pa.int8()),
        [pa.array(rows, pa.int64()), pa.array(words(rows), pa.utf8())],
    ),
}
# What apache-arrow for JavaScript can read.
common = {
    "nothing": lambda rows: pa.nulls(len(rows)),
    "flag": lambda rows: some([i % 2 == 0 for i in rows], pa.bool_()),
    "int8": lambda rows: some(rows, pa.int8()),
    "uint64": lambda rows: pa.array(rows, pa.uint64()),
    "half": lambda rows: pa.array([float(i) for i in rows], pa.float16()),
    "double": lambda rows: some([float(i) for i in rows], pa.float64()),
    "decimal": lambda rows: some([decimal.Decimal(i) for i in rows], pa.decimal128(9, 2)),
    "date": lambda rows: pa.array([day for _ in rows], pa.date32()),
    "time": lambda rows: pa.array([noon.time() for _ in rows], pa.time64("us")),
    "timestamp": lambda rows: pa.array([noon for _ in rows], pa.timestamp("ns", "UTC")),
    "duration": lambda rows: some([datetime.timedelta(i) for i in rows], pa.duration("s")),
    "text": lambda rows: some(words(rows), pa.utf8()),
    "bytes": lambda rows: pa.array([w.encode() for w in words(rows)], pa.binary()),
    "large": lambda rows: pa.array(words(rows), pa.large_utf8()),
    "fixed": lambda rows: pa.array([b"abc" for _ in rows], pa.binary(3)),
    "word": lambda rows: pa.DictionaryArray.from_arrays(
        some(rows, pa.int32()), pa.array(words(range(rows.stop)), pa.utf8())
    ),
    "ints": lambda rows: some([[i, i + 1] for i in rows], pa.list_(pa.int32())),
    "map": lambda rows: pa.array([[("k", i)] for i in rows], pa.map_(pa.utf8(), pa.int32())),
    **nested,
    **unions,
    "x": small["x"],
    "last": lambda rows: pa.array(rows, pa.int16()),
}
# What it cannot read.
others = {
    "decimal32": lambda rows: pa.array([decimal.Decimal(i) for i in rows], pa.decimal32(5, 1)),
    "interval": lambda rows: pa.array([(1, 2, 3) for _ in rows], pa.month_day_nano_interval()),
    "run": lambda rows: pa.RunEndEncodedArray.from_arrays(
        pa.array([len(rows)] if rows else [], pa.int32()), pa.array(["u"] if rows else [], pa.utf8())
    ),
    "view": lambda rows: some(words(rows), pa.string_view()),
    "blobs": lambda rows: pa.array([w.encode() * 9 for w in words(rows)], pa.binary_view()),
    "list_view": lambda rows: pa.ListViewArray.from_arrays(
        pa.array([0 for _ in rows], pa.int32()), pa.array([1 for _ in rows], pa.int32()), pa.array([5])
    ),
    "s": lambda rows: pa.StructArray.from_arrays(
        [some(words(rows), pa.string_view()), floats(2, rows)], ["t", "x"]
    ),
    "l": lambda rows: pa.LargeListArray.from_arrays(
        ends(rows, 2, pa.int64()), floats(3, doubled(rows))
    ),
    "x": small["x"],
    "last": lambda rows: some(words(rows), pa.string_view()),
}


def batch(columns, rows):
    return pa.record_batch({name: make(rows) for name, make in columns.items()})


def write_batches(name, parts, new=ipc.new_stream, **options):
    path = str(folder / f"{name}.arrow")
    with new(path, parts[0].schema, options=ipc.IpcWriteOptions(**options)) as writer:
        for part in parts:
            writer.write_batch(part)


def write(name, columns, new=ipc.new_stream, **options):
    write_batches(name, [batch(columns, rows) for rows in batches], new, **options)


v4 = ipc.MetadataVersion.V4
write("read-stream", common, emit_dictionary_deltas=True)
write("read-file", common, ipc.new_file, emit_dictionary_deltas=True)
write("read-version-4", {**nested, **small}, metadata_version=v4)
write("read-version-4-unions", {**unions, **small}, metadata_version=v4)
write("read-legacy", {**nested, **small}, metadata_version=v4, use_legacy_format=True)
write("read-legacy-file", {**nested, **small}, ipc.new_file, metadata_version=v4, use_legacy_format=True)
write("read-other-types", others)
write("read-other-types-file", others, ipc.new_file)
write("read-one-column", {"x": small["x"]}, ipc.new_file)
write_batches("read-no-batch", [batch(small, range(0)).slice(0, 0)])
write_batches("read-slices", [batch({**nested, **small}, all_rows).slice(i, 3) for i in [0, 2, 5]])

fixed = lambda rows: pa.FixedSizeListArray.from_arrays(floats(3, doubled(rows)), 2)
write("read-fixed-size-list", {"l": fixed, **small})
views = lambda rows: pa.ListViewArray.from_arrays(
    ends(rows, 2, pa.int32())[:-1], pa.array([2 for _ in rows], pa.int32()), floats(3, doubled(rows))
)
write("read-list-view", {"l": views, **small})
structs = lambda rows: pa.ListArray.from_arrays(
    ends(rows, 1, pa.int32()), pa.StructArray.from_arrays([floats(2, rows)], ["x"])
)
write("read-list-of-structs", {"s": structs, **small})
write("read-name-with-dot", {"s": small["n"], "s.x": lambda rows: floats(2, rows), **small})

# Files that do not begin with the schema as a message after 8 bytes.
table = pa.Table.from_batches([batch(small, all_rows)])
polars.from_arrow(table).write_ipc(folder / "read-polars-file.arrow", compression="uncompressed")
write_ipc(table, folder / "read-rust-file.arrow", compression=None)

write("refused-lz4", small, compression="lz4")
write("refused-float64", {"x": lambda rows: pa.array([0.5 for _ in rows], pa.float64())})
write("refused-dictionary", {"x": lambda rows: floats(1, rows).dictionary_encode()})
write("refused-no-column", {"n": small["n"]})
write_batches("refused-twice", [pa.record_batch([floats(1, all_rows)] * 2, names=["x", "x"])])
write_batches("refused-zero-columns", [pa.record_batch({})])
feather.write_feather(table, folder / "refused-feather-1.arrow", version=1)
