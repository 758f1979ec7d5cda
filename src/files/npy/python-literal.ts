// Parses the Python literals that .npy headers consist of: strings, booleans, integers, tuples, lists and dicts.

import { clipped } from '../errors'

type Value =
  | { type: 'string'; value: string }
  | { type: 'boolean'; value: boolean }
  | { type: 'integer'; value: number }
  | { type: 'tuple' | 'list'; items: Literal[] }
  | { type: 'dict'; entries: Map<string, Literal> }

/** A literal's value together with the text it was written as. */
export type Literal = Value & { source: string }

/** Refuses text that is not a Python literal: what was expected where, and what was found there. */
export class LiteralError extends Error {
  override name = 'LiteralError'

  constructor(
    readonly expected: string,
    readonly found: string,
  ) {
    super(`expected ${expected}; found ${found}`)
  }
}

// A structured dtype nests one level or two. Without a limit, hostile text could exhaust the stack.
const deepest = 32

const whitespace = /[ \t\r\n\f]*/y
const stringToken = /'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"/y
const wordToken = /(True|False)(?!\w)/y
// Python 2 wrote long integers as 3L. Nothing writes -0, which JavaScript would tell from 0.
const integerToken = /(0|-?[1-9][0-9]*)[lL]?(?![\w.])/y

class Reader {
  private position = 0
  private depth = 0

  constructor(private readonly text: string) {}

  /** The literal that fills the whole text. */
  whole(): Literal {
    const literal = this.literal()
    if (!this.atEnd()) this.fail('nothing after it')
    return literal
  }

  private literal(): Literal {
    this.match(whitespace)
    const start = this.position
    const value = this.value()
    return { ...value, source: this.text.slice(start, this.position) }
  }

  private value(): Value {
    if (this.take('{')) return this.nested(() => this.dict())
    if (this.take('(')) return this.nested(() => this.parenthesised())
    if (this.take('[')) return this.nested(() => ({ type: 'list', items: this.items(']').items }))
    return this.scalar()
  }

  private nested(read: () => Value): Value {
    this.depth += 1
    if (this.depth > deepest) this.fail(`at most ${deepest} nested brackets`)
    const value = read()
    this.depth -= 1
    return value
  }

  private dict(): Value {
    const entries = new Map<string, Literal>()
    while (!this.take('}')) {
      const key = this.literal()
      if (key.type !== 'string') this.fail('a string as the key')
      if (entries.has(key.value)) this.fail(`the key ${clipped(key.source)} once`)
      if (!this.take(':')) this.fail("':' after the key")
      entries.set(key.value, this.literal())
      if (!this.take(',') && !this.ahead('}')) this.fail("',' or '}'")
    }
    return { type: 'dict', entries }
  }

  // (3) is the integer 3. (3,) and () are tuples.
  private parenthesised(): Value {
    const { items, commas } = this.items(')')
    const [only] = items
    return only && commas === 0 ? only : { type: 'tuple', items }
  }

  private items(close: string): { items: Literal[]; commas: number } {
    const items: Literal[] = []
    let commas = 0
    while (!this.take(close)) {
      items.push(this.literal())
      if (this.take(',')) commas += 1
      else if (!this.ahead(close)) this.fail(`',' or '${close}'`)
    }
    return { items, commas }
  }

  private scalar(): Value {
    const string = this.match(stringToken)
    if (string) return { type: 'string', value: string[1] ?? string[2] ?? '' }
    const word = this.match(wordToken)
    if (word) return { type: 'boolean', value: word[1] === 'True' }
    const integer = this.match(integerToken)
    if (integer) return { type: 'integer', value: Number(integer[1]) }
    return this.fail('a string, True, False, an integer, a tuple, a list or a dict')
  }

  private match(token: RegExp): RegExpExecArray | null {
    token.lastIndex = this.position
    const match = token.exec(this.text)
    if (match) this.position = token.lastIndex
    return match
  }

  private ahead(punctuation: string): boolean {
    this.match(whitespace)
    return this.text[this.position] === punctuation
  }

  private take(punctuation: string): boolean {
    const found = this.ahead(punctuation)
    if (found) this.position += 1
    return found
  }

  private atEnd(): boolean {
    this.match(whitespace)
    return this.position === this.text.length
  }

  private fail(expected: string): never {
    const next = this.text.slice(this.position, this.position + 24)
    const found = next === '' ? 'the end of the text' : JSON.stringify(next)
    throw new LiteralError(`${expected} at character ${this.position}`, found)
  }
}

/** Reads text that is one Python literal; throws a LiteralError if it is not. */
export function parsePythonLiteral(text: string): Literal {
  return new Reader(text).whole()
}
