/** A promise in the hands of a test: it tells when it is waited for, and settles when the test says so. */
export class Deferred<T> {
  readonly promise: Promise<T>
  readonly asked: Promise<void>
  settle!: (end: () => T) => void
  ask!: () => void

  constructor() {
    this.asked = new Promise((resolve) => (this.ask = resolve))
    this.promise = new Promise<T>((resolve) => {
      this.settle = (end) => {
        resolve(Promise.resolve().then(end))
      }
    })
  }
}
