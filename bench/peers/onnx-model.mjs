// An ONNX model of one node, Softplus, as bytes: Protocol Buffers' wire format, with the field numbers of onnx.proto
// (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).

function varint(n) {
  const bytes = []
  for (; n > 127; n >>>= 7) bytes.push((n & 127) | 128)
  return [...bytes, n]
}

const number = (field, value) => [...varint(field << 3), ...varint(value)]
const bytes = (field, content) => [
  ...varint((field << 3) | 2),
  ...varint(content.length),
  ...content,
]
const string = (field, value) => bytes(field, [...new TextEncoder().encode(value)])

const float32 = 1

// ValueInfoProto: a name, and a tensor of float32 with one dimension of any length, n.
function value(name) {
  const shape = bytes(1, string(2, 'n'))
  const tensor = [...number(1, float32), ...bytes(2, shape)]
  return [...string(1, name), ...bytes(2, bytes(1, tensor))]
}

const node = [...string(1, 'x'), ...string(2, 'y'), ...string(4, 'Softplus')]
const graph = [
  ...bytes(1, node),
  ...string(2, 'softplus'),
  ...bytes(11, value('x')),
  ...bytes(12, value('y')),
]
const operators = number(2, 14)

/** ModelProto of IR version 8, operator set 14. */
export const softplusModel = Uint8Array.from([
  ...number(1, 8),
  ...bytes(7, graph),
  ...bytes(8, operators),
])
