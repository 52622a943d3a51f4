import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'node:https'
import type { TestCertificate } from './certificates.ts'
import { freePort } from './free-port.ts'

/** Why the tests with a real proxy do not run; `undefined` where it is installed. */
export function missingProxy(name: 'nginx' | 'haproxy'): string | undefined {
  try {
    execFileSync(name, ['-v'], { stdio: 'ignore' })
    return undefined
  } catch {
    return `skipped: no ${name} on this machine`
  }
}

/** A proxy that runs on a port of this machine. */
export interface Proxy {
  readonly port: number
  readonly close: () => Promise<void>
}

/** Starts nginx, as whoever runs the tests. @param location lines of the one location */
export async function startNginx(server: TestCertificate, location: string, api: number): Promise<Proxy> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'))
  writeFileSync(join(folder, 'cert.pem'), server.cert)
  writeFileSync(join(folder, 'key.pem'), server.key)
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events {}
http {
  access_log off; ${paths.join(' ')}
  large_client_header_buffers 8 64k;
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;
    ssl_verify_client optional_no_ca;
    location / { ${location} proxy_pass http://127.0.0.1:${api}; }
  }
}
`,
  )
  const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' })
  return running(child, port, folder)
}

/** Starts HAProxy. @param lines of its one frontend */
export async function startHaproxy(server: TestCertificate, lines: string, api: number): Promise<Proxy> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'haproxy-'))
  writeFileSync(join(folder, 'server.pem'), server.cert + server.key)
  writeFileSync(join(folder, 'clients.pem'), server.cert)
  const bind = `ssl crt ${folder}/server.pem ca-file ${folder}/clients.pem verify optional crt-ignore-err all ca-ignore-err all`
  writeFileSync(
    join(folder, 'haproxy.cfg'),
    `defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend api
  bind 127.0.0.1:${port} ${bind}
  ${lines}
  default_backend api
backend api
  server api 127.0.0.1:${api}
`,
  )
  const child = spawn('haproxy', ['-db', '-f', join(folder, 'haproxy.cfg')], { stdio: 'ignore' })
  return running(child, port, folder)
}

async function running(child: ChildProcess, port: number, folder: string): Promise<Proxy> {
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const close = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  for (let tries = 0; !(await responds(port)); tries += 1) {
    if (child.exitCode !== null || tries > 200) {
      await close()
      throw new Error(`the proxy did not start on port ${port}`)
    }
  }
  return { port, close }
}

async function responds(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => setTimeout(() => resolve(false), 25))
  })
}

/** Sends one GET over TLS, with or without a certificate. @returns the status */
export async function statusOverTls(
  port: number,
  headers: Readonly<Record<string, string | readonly string[]>>,
  client?: TestCertificate,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        port,
        host: '127.0.0.1',
        headers: headers as Record<string, string | string[]>,
        rejectUnauthorized: false,
        agent: false,
        ...(client === undefined ? {} : { key: client.key, cert: client.cert }),
      },
      (response) => {
        response.resume()
        response.once('end', () => resolve(response.statusCode ?? 0))
      },
    )
    sent.once('error', reject)
    sent.end()
  })
}
