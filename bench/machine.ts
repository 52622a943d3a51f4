import { readFileSync } from 'node:fs'
import { cpus, loadavg, platform, release, totalmem } from 'node:os'

/** Where and with what the numbers were made. */
export interface Machine {
  readonly node: string
  readonly openssl: string
  readonly processor: string
  readonly system: string
  readonly date: string
  /** What others had the machine do before the run, in processors. */
  readonly load: number
  readonly clock: string
  readonly versions: Readonly<Record<string, string>>
}

const compared = [
  'jose',
  'lru-cache',
  'fast-jwt',
  'aws-jwt-verify',
  'express',
  'express-oauth2-jwt-bearer',
  'express-jwt',
  'jwks-rsa',
  'koa',
  'koa-jwt',
  'fastify',
  'fastify-jwt-jwks',
  'hono',
]

export function machine(clock: string): Machine {
  const processors = cpus()
  return {
    node: process.versions.node,
    openssl: process.versions.openssl,
    processor: `${processors.length} x ${processors[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${platform()} ${release().split('-', 1).join('')}`,
    date: new Date().toISOString().slice(0, 10),
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    clock,
    versions: Object.fromEntries(compared.map((name) => [name, versionOf(name)])),
  }
}

function versionOf(name: string): string {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
