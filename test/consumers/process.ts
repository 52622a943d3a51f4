import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** What a program is started with, besides its arguments. */
export interface Surroundings {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** @default 120_000 */
  readonly timeoutMs?: number
}

/**
 * Runs a program to its end.
 *
 * @returns what it wrote to standard output
 * @throws {Error} with everything it wrote, when it fails or takes too long
 */
export async function run(
  program: string,
  args: readonly string[],
  { cwd, env, timeoutMs = 120_000 }: Surroundings,
): Promise<string> {
  const options = {
    cwd,
    env: { ...process.env, ...env },
    timeout: timeoutMs,
    maxBuffer: 64 * 1024 * 1024,
    // npm is a script on Windows, and those need a shell.
    shell: process.platform === 'win32' && program === 'npm',
  }
  try {
    const { stdout } = await execute(program, args, options)
    return stdout
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string }
    const written = `${stdout}${stderr}`.trim()
    throw new Error(written === '' ? message : written, { cause: error })
  }
}
