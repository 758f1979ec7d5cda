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
      available: [...loaded.addon.available, 'js'],
      addon: loaded.path,
      error: null,
    })
    expect(selectBackend('', load).backend.name).toBe(best.name)
    expect(selectBackend('scalar', load).backend.name).toBe('scalar')
  })

  test('loads the addon under js only when asked what is available', () => {
    const asked = vi.fn(load)
    const { backend } = selectBackend('js', asked)
    expect(backend).toMatchObject({ name: 'js', addon: null, error: null })
    expect(backend.available).toEqual([...loaded.addon.available, 'js'])
    expect(backend.available).toBe(backend.available)
    expect(asked).toHaveBeenCalledTimes(1)
    expect(selectBackend('js', fail).backend.available).toEqual(['js'])
  })

  test('falls back with one warning where the addon cannot be loaded', () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const first = selectBackend(undefined, fail).backend
    selectBackend(undefined, fail)
    expect(first).toMatchObject({ name: 'js', available: ['js'], addon: null })
    expect(first.error?.message).toBe('no addon here')
    expect(warned).toHaveBeenCalledTimes(1)
    expect(warned.mock.calls[0][0]).toContain('no addon here')
  })

  test('names what may be named instead of a backend that cannot run', () => {
    const list = [...loaded.addon.available, 'js']
    const named = `${list.slice(0, -1).join(', ')} or js`
    expect(() => selectBackend('neom', load)).toThrow(
      `SOFTPLUS_BACKEND must be ${named} here, or empty; got "neom"`,
    )
    expect(() => selectBackend('avx2', fail)).toThrow(
      'SOFTPLUS_BACKEND must be js here, or empty; got "avx2". no addon here',
    )
  })
})
