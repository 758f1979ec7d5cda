// No thread to be had: a job is refused, x stays with its owner, and everything goes on. The limit of threads is set by
// prlimit while a child runs. root has none: it starts this again as nobody. CommonJS, whose loading starts no pool of
// threads. Where this cannot be done, it says why it was skipped.
const assert = require('node:assert/strict')
const { execFileSync, fork, spawnSync } = require('node:child_process')
const { once } = require('node:events')
const { availableParallelism } = require('node:os')

async function main() {
  const child = fork(__filename, ['child'])
  child.once('exit', (code, signal) => assert.deepEqual([code, signal], [0, null]))
  const answer = async (request) => {
    if (request) child.send(request)
    return (await once(child, 'message'))[0]
  }
  const limit = (threads) =>
    execFileSync('prlimit', ['--pid', `${child.pid}`, `--nproc=${threads}:`])
  const isNative = await answer()
  limit(1)
  const found = await answer('try')
  if (isNative) {
    const refused = ['ERR_MEMORY_ALLOCATION_FAILED', false, 3]
    assert.deepEqual(found, [refused, refused, refused])
  }
  limit(4096)
  assert.equal(await answer('again'), Math.fround(Math.LN2))
  child.disconnect()
  console.log('survived')
}

function work() {
  const { backend, softplus } = require('../../dist/index.cjs')
  const x = Float32Array.of(-2, 0, 2)
  const { signal } = new AbortController()
  const rejected = async (options) => {
    const error = await softplus.async(x, options).then(
      () => null,
      (reason) => reason,
    )
    return [error?.code, error !== null && 'array' in error, x.length]
  }
  process.on('message', async (request) => {
    if (request === 'again') return process.send((await softplus.async(Float32Array.of(0)))[0])
    const found = [await rejected({ signal }), await rejected({ transfer: true })]
    process.send([...found, await rejected({ threads: 1 + availableParallelism() })])
  })
  process.send(!['wasm', 'js'].includes(backend.name))
}

function startAsNobody() {
  const nobody = { uid: 65534, gid: 65534 }
  const read = `require('fs').readFileSync(${JSON.stringify(__filename)})`
  const { status } = spawnSync(process.execPath, ['-e', read], nobody)
  if (status !== 0) return skip('nobody cannot read this folder')
  const started = spawnSync(process.execPath, [__filename], { ...nobody, stdio: 'inherit' })
  process.exitCode = started.status ?? 1
}

function skip(why) {
  console.log(`skipped: ${why}`)
  console.log('survived')
}

if (process.argv[2] === 'child') work()
else if (spawnSync('prlimit', ['--version']).status !== 0) skip('there is no prlimit')
else if (process.getuid() === 0) startAsNobody()
else main()
