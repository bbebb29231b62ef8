// What both Node peers need: a sandbox to judge, a word for each thing it agrees to, and a line that spoils answers.
// Run as `node peer_….mjs PYTHON`, from the repository's root: PYTHON is one that can run `python -m drivers.sandbox`.

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export function check(what, good, seen = '') {
  if (!good) throw new Error(`DISAGREES: ${what}: ${typeof seen === 'string' ? seen : JSON.stringify(seen)}`)
  console.log(`agrees: ${what}`)
}

/** The peer rejects, and its error names that. */
export async function refuses(what, call, names) {
  let seen
  try {
    seen = await call()
  } catch (error) {
    check(what, `${error.code ?? ''} ${error.message}`.includes(names), error.message)
    return
  }
  check(what, false, seen)
}

export async function post(url, body) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: answer.status, body: await answer.json() }
}

/** The key between the lines of its PEM armour, as Alipay's console hands it out. */
export const bare = (path) => readFileSync(path, 'utf8').replace(/-----[^-]+-----|\s/g, '')

/** Run `play` with what a sandbox of its own announced; it must end in order. Any disagreement ends with 1. */
export async function judge(play) {
  const directory = mkdtempSync(join(tmpdir(), 'sandbox-'))
  const sandbox = spawn(process.argv[2], ['-m', 'drivers.sandbox', '--dir', directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => sandbox.once('exit', resolve))
  try {
    const lines = createInterface(sandbox.stdout)
    const first = await Promise.race([
      new Promise((resolve) => lines.once('line', resolve)),
      ended.then(() => Promise.reject(new Error('the sandbox did not start'))),
    ])
    await play(JSON.parse(first))
    sandbox.kill('SIGTERM')
    check('the sandbox ended with 0', (await ended) === 0)
  } catch (error) {
    console.log(error.message)
    process.exitCode = 1
  } finally {
    sandbox.kill('SIGKILL')
    await ended
    rmSync(directory, { recursive: true, force: true })
  }
}

/** An address that passes everything on to `url` and changes genuine answers on their way back. */
export async function spoilingLine(url, from, to, play) {
  const behind = new URL(url)
  const server = http.createServer((request, response) => {
    const passed = http.request(
      { host: behind.hostname, port: behind.port, path: request.url, method: request.method, headers: request.headers },
      (answer) => {
        const parts = []
        answer.on('data', (part) => parts.push(part))
        answer.on('end', () => {
          const body = Buffer.concat(parts).toString()
          if (!body.includes(from)) return response.destroy(new Error(`nothing to spoil in ${body}`))
          const spoiled = Buffer.from(body.replace(from, to))
          response.writeHead(answer.statusCode, { ...answer.headers, 'content-length': spoiled.length })
          response.end(spoiled)
        })
      },
    )
    request.pipe(passed)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await play(`http://127.0.0.1:${server.address().port}${behind.pathname === '/' ? '' : behind.pathname}`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}
