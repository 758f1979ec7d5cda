// A second, lenient parser of .npy headers, written in another way: both must read the same.

/** A Python literal. Tuples are marked, because (3,) is not [3]. A dict is a list of keys and values. */
export type Model = string | boolean | bigint | Model[] | { tuple: Model[] } | { dict: Model[] }

const tokens = /'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|[-\w]+|[()[\]{},]/gs

interface Frame {
  items: Model[]
  commas: number
}

/** Parses the literal: every closing bracket reduces the items since its opening bracket. */
export function modelLiteral(text: string): Model | undefined {
  const stack: Frame[] = [{ items: [], commas: 0 }]
  for (const [token, single, double] of text.matchAll(tokens)) {
    const quoted = single ?? double
    if (quoted !== undefined) stack.at(-1)?.items.push(quoted)
    else if ('([{'.includes(token)) stack.push({ items: [], commas: 0 })
    else if (')]}'.includes(token)) reduce(stack, token)
    else if (token === ',') (stack.at(-1) as Frame).commas++
    else stack.at(-1)?.items.push(word(token))
  }
  return stack[0].items[0]
}

function reduce(stack: Frame[], close: string): void {
  const { items, commas } = stack.pop() as Frame
  const value =
    close === ']'
      ? items
      : close === '}'
        ? { dict: items }
        : items.length === 1 && commas === 0
          ? items[0]
          : { tuple: items }
  stack.at(-1)?.items.push(value)
}

function word(token: string): Model {
  if (token === 'True' || token === 'False') return token === 'True'
  return BigInt(token.replace(/l$/i, ''))
}

/** The header's text, and where it ends. */
export function modelText(bytes: Buffer): { text: string; end: number } {
  const start = bytes[6] === 1 ? 10 : 12
  const end = start + (bytes[6] === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8))
  return { text: bytes.toString(bytes[6] === 3 ? 'utf8' : 'latin1', start, end), end }
}
