// How a backend is selected, with addons that are there, missing, or asked for.
import { afterEach, describe, expect, test, vi } from 'vitest'
import { loadAddon } from '../src/backend/addon'
import { selectBackend } from '../src/backend/select'

const loaded = loadAddon()
const load = () => loaded
const fail = () => {
  throw new Error('no addon here')
}

describe('selectBackend', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  test('takes the best backend of the addon, or the one that is named', () => {
    const best = selectBackend(undefined, load).backend
    expect(best).toEqual({
      name: loaded.addon.available[0],
      available: [...loaded.addon.available, 'wasm', 'js'],
      addon: loaded.path,
      error: null,
    })
    expect(selectBackend('', load).backend.name).toBe(best.name)
    expect(selectBackend('scalar', load).backend.name).toBe('scalar')
  })

  test.each(['wasm', 'js'])(
    'loads the addon under %s only when asked what is available',
    (name) => {
      const asked = vi.fn(load)
      const { backend } = selectBackend(name, asked)
      expect({ name: backend.name, addon: backend.addon, error: backend.error }).toEqual({
        name,
        addon: null,
        error: null,
      })
      expect(asked).not.toHaveBeenCalled()
      expect(backend.available).toEqual([...loaded.addon.available, 'wasm', 'js'])
      expect(backend.available).toBe(backend.available)
      expect(asked).toHaveBeenCalledTimes(1)
      expect(selectBackend(name, fail).backend.available).toEqual(['wasm', 'js'])
    },
  )

  test('takes WebAssembly with one warning where the addon cannot be loaded', () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const first = selectBackend(undefined, fail).backend
    selectBackend(undefined, fail)
    expect(first).toMatchObject({ name: 'wasm', available: ['wasm', 'js'], addon: null })
    expect(first.error?.message).toBe('no addon here')
    expect(warned).toHaveBeenCalledTimes(1)
    expect(warned.mock.calls[0][0]).toMatch(/runs in WebAssembly.* times slower\. no addon here/)
  })

  test('takes TypeScript where there is no WebAssembly either', () => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const { backend } = selectBackend(undefined, fail, fail)
    expect(backend).toMatchObject({ name: 'js', available: ['js'], addon: null })
    expect(() => selectBackend('wasm', fail, fail)).toThrow(
      'SOFTPLUS_BACKEND must be js here, or empty; got "wasm". no addon here',
    )
  })

  test('wants no addon where none is expected', () => {
    const { backend } = selectBackend(undefined)
    expect(backend).toEqual({ name: 'wasm', available: ['wasm', 'js'], addon: null, error: null })
    expect(() => selectBackend('avx2')).toThrow(
      'SOFTPLUS_BACKEND must be wasm or js here, or empty; got "avx2". This is the build of softplus without addons',
    )
  })

  test('names what may be named instead of a backend that cannot run', () => {
    const list = [...loaded.addon.available, 'wasm', 'js']
    const named = `${list.slice(0, -1).join(', ')} or js`
    expect(() => selectBackend('neom', load)).toThrow(
      `SOFTPLUS_BACKEND must be ${named} here, or empty; got "neom"`,
    )
    expect(() => selectBackend('avx2', fail)).toThrow(
      'SOFTPLUS_BACKEND must be wasm or js here, or empty; got "avx2". no addon here',
    )
  })
})
