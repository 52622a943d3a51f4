import { isAuthError } from 'oauth-resource-server'

/** A refusal as tests compare it. */
export interface ShownRefusal {
  readonly status: number
  readonly reason: string
  /** What operators see of it. */
  readonly detail: unknown
}

/** What a step is refused with, at once or later; `undefined` where it passes. Other errors are passed on. */
export async function refusalOf(step: () => unknown): Promise<ShownRefusal | undefined> {
  try {
    await step()
    return undefined
  } catch (error) {
    if (!isAuthError(error)) throw error
    const { status, reason, detail } = error
    return { status, reason, detail: { ...detail } }
  }
}
